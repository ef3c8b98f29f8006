"""A pytest with the plugin, as the harness speaks with it."""

import json
import os
import subprocess
import sys
import threading

from conftest import FOLDERS

PATIENCE = 120
"""Seconds after which a pytest that says nothing is given up."""


class Served:
    """A running pytest; the context ends it."""

    def __init__(self, folder, files, mode="serve"):
        self.folder = folder
        for name, text in files.items():
            (folder / name).write_text(text)
        self.tmp = folder / "tmp"
        self.tmp.mkdir()
        environment = dict(os.environ, STEADFAST_PYTEST_MODE=mode, PYTHONPATH=os.pathsep.join(FOLDERS))
        environment.update(PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "steadfast_pytest", "-p", "no:cacheprovider"],
            cwd=str(folder),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.timer = threading.Timer(PATIENCE, self.process.kill)
        self.timer.start()
        self.collected = self.hear()["collected"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait()
        self.timer.cancel()

    def say(self, **message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read().decode("utf-8", "replace")
        return json.loads(line)

    def round(self, order, **more):
        """Plays a round; returns its messages."""
        request = {"order": order, "from": 0, "seed": 7, "tmp": str(self.tmp), "deadline": 60.0}
        self.say(**dict(request, **more))
        told = []
        while "dead" not in (told[-1] if told else {}):
            told.append(self.hear())
        return told

    def finished(self, order, **more):
        """Plays a round; returns how each test of it ended."""
        return [message for message in self.round(order, **more) if "finished" in message]


def outcomes(finished):
    return [message["outcome"] for message in finished]

#!/usr/bin/env python3
"""What a round of a pytest suite costs over plain pytest, and what the leak probe and the look at state cost.

    cargo build --release
    python3 benches/suite_speed.py --python VENV/bin/python

Three suites are generated: tests that sleep for 15 ms, tests that do nothing (the worst case: only pytest itself runs), and tests
that run an event loop each. Timed is the loop over the tests, from before the first to after the last, without start-up and
collection. Runs take turns, so that a busy neighbour hits all alike; the medians are printed, and their ratios.

plain     python -m pytest
round     a round in a fork, without the leak probe
probe     the same with the leak probe
steadfast the round as `steadfast run` plays it, from its journal: with the engine, its pipes and the journal
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLUGIN = os.path.join(ROOT, "src", "adapter", "pytest")
PROBE = os.path.join(ROOT, "src", "adapter", "python", "probe.py")
PER_FILE = 50
BODIES = {
    "15 ms": ["    time.sleep(0.015)"],
    "nothing": ["    pass"],
    "event loop": ["    async def main():", "        await asyncio.sleep(0.002)", "    asyncio.run(main())"],
}
TIMER = """
import os, time, pytest
@pytest.hookimpl(hookwrapper=True)
def pytest_runtestloop(session):
    begun = time.perf_counter()
    yield
    with open(os.environ["LOOP_SECONDS"], "w") as file:
        file.write(repr(time.perf_counter() - begun))
"""


def generate(folder, tests, body):
    for begin in range(0, tests, PER_FILE):
        lines = ["import asyncio", "import time", ""]
        for number in range(begin, min(begin + PER_FILE, tests)):
            lines += ["", "def test_%04d():" % number] + body + [""]
        with open(os.path.join(folder, "test_part_%03d.py" % (begin // PER_FILE)), "w") as file:
            file.write("\n".join(lines))


def plain(python, suite, scratch):
    told = os.path.join(scratch, "seconds")
    with open(os.path.join(scratch, "loop_timer.py"), "w") as file:
        file.write(TIMER)
    environment = dict(os.environ, PYTHONPATH=scratch, LOOP_SECONDS=told, PYTHONDONTWRITEBYTECODE="1")
    command = [python, "-m", "pytest", "-q", "-p", "loop_timer", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=suite, env=environment, check=True, stdout=subprocess.DEVNULL)
    with open(told) as file:
        return float(file.read())


class Server:
    """The plugin, spoken to as the harness does."""

    def __init__(self, python, suite, scratch, probe):
        self.folder = os.path.join(scratch, "probe" if probe else "round")
        os.makedirs(self.folder)
        names = ["steadfast_pytest.py", "steadfast_state.py", "steadfast_walk.py"]
        for name in names:
            os.symlink(os.path.join(PLUGIN, name), os.path.join(self.folder, name))
        # Without the file the plugin plays all the same, and says so on standard error.
        if probe:
            os.symlink(PROBE, os.path.join(self.folder, "steadfast_probe.py"))
        # The plugin looks for the others where it lies itself, links not followed.
        environment = dict(os.environ, PYTHONPATH=self.folder, STEADFAST_PYTEST_MODE="serve", PYTHONDONTWRITEBYTECODE="1")
        command = [python, "-m", "pytest", "-p", "steadfast_pytest", "-p", "no:cacheprovider"]
        pipe, errors = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=suite, env=environment, stdin=pipe, stdout=pipe, stderr=errors)
        self.tests = len(self.hear()["collected"]["cases"])

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def round(self):
        request = {"order": list(range(self.tests)), "from": 0, "seed": 1, "tmp": self.folder, "deadline": 60.0}
        begun = None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        while True:
            message = self.hear()
            begun = begun or time.perf_counter()
            if "finished" in message and message["outcome"] != "passed":
                sys.exit("a test failed: %s" % message)
            if "ended" in message:
                seconds = time.perf_counter() - begun
            if "dead" in message:
                return seconds

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def whole(program, python, suite, scratch):
    """Seconds of a round in a run, from its first trial to its end."""
    reports = os.path.join(scratch, "reports")
    command = [program, "run", "--suite", "pytest:.", "--python", python, "--report-dir", reports]
    command += ["--orders", "declared", "--rounds", "1", "--no-alone", "--no-leaks", "--no-history"]
    subprocess.run(command, cwd=suite, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = None
    with open(os.path.join(reports, "latest", "events.jsonl")) as journal:
        for line in journal:
            entry = json.loads(line)
            if "trial_started" in entry["event"] and begun is None:
                begun = entry["at"]
            if "round_finished" in entry["event"]:
                return (entry["at"] - begun) / 1e3


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--program", default=os.path.join(ROOT, "target", "release", "steadfast"))
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--only", choices=sorted(BODIES))
    arguments = parser.parse_args()
    python, program = os.path.abspath(arguments.python), os.path.abspath(arguments.program)
    print("| %d tests | plain | round | probe | steadfast | steadfast / plain | probe / round |" % arguments.tests)
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name, body in BODIES.items():
        if arguments.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as suite, tempfile.TemporaryDirectory() as scratch:
            generate(suite, arguments.tests, body)
            servers = [Server(python, suite, scratch, probe) for probe in (False, True)]
            seen = [[], [], [], []]
            for _ in range(arguments.times):
                seen[0].append(plain(python, suite, scratch))
                seen[1].append(servers[0].round())
                seen[2].append(servers[1].round())
                seen[3].append(whole(program, python, suite, scratch))
            for server in servers:
                server.end()
            medians = [statistics.median(values) for values in seen]
            print("| %s | %.2f s | %.2f s | %.2f s | %.2f s | %.3f | %.3f |" % (
                (name, *medians, medians[3] / medians[0], medians[2] / medians[1])
            ), flush=True)


if __name__ == "__main__":
    main()

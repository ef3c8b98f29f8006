#!/usr/bin/env python3
"""Two workers of a fleet beside `--jobs 2` on the same machine, at rounds of 1 s, 200 ms and 50 ms, as ratios.

    python benches/fleet_speed.py target/release/steadfast [--server nats-server] [--round-trip 20]

Rounds a second are counted from the first round that ended to the last, so that neither side's start counts. CPU is that of
all processes of a side, the server's included, less what the rounds' own processes need beside `--jobs 2`. With
`--round-trip` each worker's way to the server takes so many milliseconds more, by a proxy of this script.
"""

import argparse
import heapq
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

CASES = 4
ROUNDS = {1000: 24, 200: 80, 50: 200}

SCENARIO = """scenario: a greeting is answered
matrix: {{ language: [en, fr], provider: [claude, mistral] }}
providers:
  "${{provider}}": {{ reply: Hello, after: {millis}ms }}
steps:
  - chat: {{ language: "${{language}}", provider: "${{provider}}", message: How do I greet? }}
    expect: {{ status: 200 }}
"""


class Slow:
    """A way to a port that takes longer: bytes are passed on half a round trip after they came."""

    def __init__(self, port, millis):
        self.to, self.delay, self.waiting = port, millis / 2000, []
        self.turn, self.changed = 0, threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        for work in (self.accept, self.pass_on):
            threading.Thread(target=work, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.to))
            for one, other in ((near, far), (far, near)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.read, args=(one, other), daemon=True).start()

    def read(self, one, other):
        while True:
            try:
                read = one.recv(1 << 20)
            except OSError:
                read = b""
            with self.changed:
                self.turn += 1
                heapq.heappush(self.waiting, (time.monotonic() + self.delay, self.turn, other, read))
                self.changed.notify()
            if not read:
                return

    def pass_on(self):
        while True:
            with self.changed:
                while not self.waiting:
                    self.changed.wait()
                left = self.waiting[0][0] - time.monotonic()
                if left > 0:
                    self.changed.wait(left)
                    continue
                _, _, other, read = heapq.heappop(self.waiting)
            try:
                other.sendall(read) if read else other.shutdown(socket.SHUT_WR)
            except OSError:
                pass


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ended(child):
    """Waits for a process; the CPU seconds of it and its children."""
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return usage.ru_utime + usage.ru_stime


def rate(folder):
    """Rounds a second, from the first that ended to the last, and how many there were."""
    ends = []
    for line in (folder / "reports/latest/events.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if isinstance(entry["event"], dict) and "round_finished" in entry["event"]:
            ends.append(entry["at"])
    return (len(ends) - 1) / max(ends[-1] - ends[0], 1) * 1000, len(ends)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--server", default="nats-server")
    parser.add_argument("--round-trip", type=float, default=0)
    chosen = parser.parse_args()
    program = chosen.program.resolve()
    print(f"round trip {chosen.round_trip:g} ms more\n\n| rounds | --jobs 2 | two workers | ratio | wall | CPU |\n| --- | --- | --- | --- | --- | --- |")
    for millis, rounds in ROUNDS.items():
        with tempfile.TemporaryDirectory(prefix="fleet-speed-") as name:
            folder = pathlib.Path(name)
            (folder / "scenarios").mkdir()
            (folder / "scenarios/greeting.yaml").write_text(SCENARIO.format(millis=millis // CASES))
            plan = ["run", "--rounds", str(rounds), "--seed", "7", "--no-history", "--no-leaks", "--no-alone", "--jobs", "2"]
            quiet = {"cwd": folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            alone_cpu = ended(subprocess.Popen([program, *plan], **quiet))
            alone, count = rate(folder)
            port = free_port()
            server = subprocess.Popen([chosen.server, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", folder / "store"], **quiet)
            way = Slow(port, chosen.round_trip).port if chosen.round_trip else port
            workers = [subprocess.Popen([program, "worker", "--connect", f"nats://127.0.0.1:{way}", "--idle", "1h"], **quiet) for _ in range(2)]
            time.sleep(1)
            fleet_cpu = ended(subprocess.Popen([program, *plan, "--workers", f"nats://127.0.0.1:{port}"], **quiet))
            fleet, _ = rate(folder)
            for child in [*workers, server]:
                child.send_signal(signal.SIGINT)
                fleet_cpu += ended(child)
            wall = (1 / fleet - 1 / alone) * 1000 * 2
            cpu = (fleet_cpu - alone_cpu) / count * 1000
            print(f"| {millis} ms | {alone:.2f}/s | {fleet:.2f}/s | {fleet / alone:.1%} | {wall:+.1f} ms | {cpu:+.1f} ms |", flush=True)


if __name__ == "__main__":
    main()

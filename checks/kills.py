#!/usr/bin/env python3
"""Kills runs (SIGKILL) at seeded moments and goes on with them: nothing may be lost, left, or ended that is somebody else's.

Three kinds of subject: the embedded tutor, the tutor as a program that is started, and a pytest suite. Each run is killed
once its journal has a drawn number of bytes, every other one a second time while it is gone on with, and every third one
together with one of its workers. In the end it must have the verdicts and the planned orders of a run that nobody killed,
its temporary folder must be empty, and none of its processes may be left. Beside each run stand three bystanders: a process
of the same group, one without an environment, and one that carries the mark of another run. All must live on.

Run by hand, with a Python that has pytest:

    python checks/kills.py target/debug/steadfast [KILLS-OF-EACH-KIND] [SEED] [KIND...]
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = 600

MANY = """scenario: many
matrix: { word: [a, b, c, d], provider: [claude, mistral] }
providers: { "${provider}": { reply: Hello } }
steps:
  - chat: { language: en, provider: "${provider}", message: "What is ${word}?" }
    expect: { status: 200, text: Hello }
"""
WRONG = """scenario: wrong
providers: { claude: { reply: Hello } }
steps:
  - chat: { language: en, provider: claude, message: Whose? }
    expect: { provider: mistral }
"""
SUITE = """import subprocess, sys
STATE = []
def test_one(): STATE.append(1)
def test_two(tmp_path): (tmp_path / "f").write_text("x")
def test_child():
    # It is left behind without an environment, in a session of its own.
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={}, start_new_session=True)
def test_victim(): assert not STATE
def test_broken(): assert False
"""

SCENARIOS = ["--rounds", "3", "--no-alone", "--jobs", "2", "--seed", "3"]
KINDS = {
    "embedded": SCENARIOS,
    "started": SCENARIOS + ["--system", "process"],
    "pytest": ["--suite", "pytest:suite", "--python", sys.executable, "--rounds", "3", "--seed", "3"],
}
NOT_PLANNED = ("probe", "walk", "survey", "repeated", "aftermath")


class Project:
    def __init__(self, program, kind):
        self.program, self.kind = program, kind
        self.made = tempfile.TemporaryDirectory(prefix="kills-")
        top = pathlib.Path(self.made.name)
        self.folder, self.temporary = top / "project", top / "t"
        self.temporary.mkdir()
        where = self.folder / ("suite" if kind == "pytest" else "scenarios")
        where.mkdir(parents=True)
        if kind == "pytest":
            (where / "test_all.py").write_text(SUITE)
        else:
            (where / "many.yaml").write_text(MANY)
            (where / "wrong.yaml").write_text(WRONG)
        self.latest = self.folder / "reports" / "latest"
        self.journal = self.latest / "events.jsonl"

    def environment(self):
        return {"PATH": os.environ["PATH"], "TMPDIR": str(self.temporary), "HOME": str(self.folder)}

    def start(self, *arguments):
        with open(self.folder / "out", "ab") as out:
            return subprocess.Popen(
                [self.program, *arguments], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, process_group=0,
            )

    def run(self, *arguments):
        return self.start(*arguments).wait(PATIENCE)

    def bytes(self):
        try:
            return self.journal.stat().st_size
        except OSError:
            return 0

    def told(self):
        """Verdict by case, and the planned orders."""
        report = json.loads((self.latest / "report.json").read_text())
        verdicts = {case["id"]: case["verdict"] for case in report["cases"]}
        orders = {}
        for line in self.journal.read_text().splitlines():
            started = json.loads(line)["event"]
            started = started.get("round_started") if isinstance(started, dict) else None
            if started and started["attempt"] == 0 and started["kind"] not in NOT_PLANNED:
                orders[started["round"]] = (started["kind"], started["seed"], started["order"])
        return verdicts, orders

    def processes(self):
        """The processes that have the project's temporary folder in their environment, or work in the project."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                environment = pathlib.Path("/proc", pid, "environ").read_bytes()
                folder = os.readlink("/proc/%s/cwd" % pid)
            except OSError:
                continue
            if str(self.temporary).encode() in environment or folder.startswith(str(self.folder)):
                found.append(int(pid))
        return found


def bystanders():
    """Processes that a run must leave alone."""
    sleep = ["sleep", str(PATIENCE * 4)]
    marks = [None, {}, {"STEADFAST_OWNER": "20200101-000000-000000-0123456789abcdef.w001"}]
    return [subprocess.Popen(sleep, env=mark, cwd="/", process_group=0) for mark in marks]


def kill(project, run, moment, with_worker):
    """Kills a run once its journal is so long, or when it has ended by itself."""
    deadline = time.monotonic() + PATIENCE
    while project.bytes() < moment and run.poll() is None:
        if time.monotonic() > deadline:
            raise AssertionError("the moment never came")
        time.sleep(0.002)
    if run.poll() is None:
        workers = [pid for pid in project.processes() if pid != run.pid] if with_worker else []
        run.send_signal(signal.SIGKILL)
        for pid in workers[:1]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    run.wait(PATIENCE)


def check(program, kind, number, seed, whole):
    draw = hashlib.sha256(("%s %s %d" % (seed, kind, number)).encode()).digest()
    length, code, told = whole
    # Beyond the end too: while the reports are written.
    moment = int.from_bytes(draw[:8], "big") % (length + length // 20)
    project = Project(program, kind)
    standing = bystanders()
    wrong = []
    # No file says which interpreter is started.
    resume = ["run", "--resume", "latest"] + (["--python", sys.executable] if kind == "pytest" else [])
    try:
        kill(project, project.start("run", *KINDS[kind]), moment, number % 3 == 0)
        begun = project.journal.exists() and b"\n" in project.journal.read_bytes()
        if begun and number % 2 == 1:
            more = int.from_bytes(draw[8:16], "big") % (length // 2)
            kill(project, project.start(*resume), project.bytes() + more, False)
        ended = project.run(*resume) if begun else project.run("run", *KINDS[kind])
        if ended != code:
            wrong.append("exit %s, not %s" % (ended, code))
        elif project.told() != told:
            wrong.append("lost: %s, not %s" % (project.told(), told))
        deadline = time.monotonic() + 60
        while (project.processes() or os.listdir(project.temporary)) and time.monotonic() < deadline:
            time.sleep(0.05)
        wrong += ["left: process %s" % pid for pid in project.processes()]
        wrong += ["left: %s" % name for name in os.listdir(project.temporary)]
        wrong += ["left: %s" % path for path in project.folder.rglob("leftovers.json")]
        wrong += ["left: %s" % path for path in project.folder.rglob(".sf-*")]
        wrong += ["ended a bystander: %s" % one.args for one in standing if one.poll() is not None]
    finally:
        for one in standing:
            one.kill()
            one.wait()
    if wrong:
        wrong.append("output: " + (project.folder / "out").read_text(errors="replace")[-2000:])
    return "%s %d at %d of %d bytes" % (kind, number, moment, length), wrong


def main():
    program = os.path.abspath(sys.argv[1])
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = sys.argv[3] if len(sys.argv) > 3 else "kill"
    kinds = {kind: KINDS[kind] for kind in sys.argv[4:] or KINDS}
    bad = 0
    for kind, arguments in kinds.items():
        project = Project(program, kind)
        code = project.run("run", *arguments)
        whole = (project.bytes(), code, project.told())
        print("%s: whole, exit %d, %d bytes, %d cases" % (kind, code, whole[0], len(whole[2][0])), flush=True)
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(2) as hands:
            tries = [hands.submit(check, program, kind, number, seed, whole) for number in range(kills)]
            for done in concurrent.futures.as_completed(tries):
                name, wrong = done.result()
                bad += bool(wrong)
                for line in wrong:
                    print("%s: %s" % (name, line), flush=True)
        print("%s: %d kills, %d s" % (kind, kills, time.monotonic() - begun), flush=True)
    print("%d of %d went wrong" % (bad, kills * len(kinds)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

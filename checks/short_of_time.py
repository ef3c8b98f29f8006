#!/usr/bin/env python3
"""A suite of 1,857 tests with 16 victims, under a limit of five suite times: what is not proven by then must be said so.

Each victim has a polluter of its own in another file; four of them a cleaner besides. No victim may be called intermittent
or broken, no other test may be accused, and what was not examined must say what is missing. Run by hand, with a Python
that has pytest:

    python checks/short_of_time.py target/release/steadfast [SEED...]
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

TESTS, FILES, VICTIMS = 1857, 40, 16


def write_suite(folder, draws):
    """Writes the suite, and returns the victims and their polluters by name."""
    (folder / "shop.py").write_text("STATE = set()\n")
    texts = ["import time, shop\n" for _ in range(FILES)]
    roles = draws.sample(range(TESTS), VICTIMS * 2 + 4)
    victims, polluters, cleaners = roles[:VICTIMS], roles[VICTIMS : 2 * VICTIMS], roles[2 * VICTIMS :]
    truth = {}
    for number in range(TESTS):
        file = number * FILES // TESTS
        body = "time.sleep(0.002)"
        if number in victims:
            place = victims.index(number)
            body += "; assert %d not in shop.STATE" % place
            polluter = polluters[place]
            truth[name(number)] = name(polluter)
        elif number in polluters:
            body += "; shop.STATE.add(%d)" % polluters.index(number)
        elif number in cleaners:
            body += "; shop.STATE.discard(%d)" % cleaners.index(number)
        texts[file] += "def test_%04d(): %s\n" % (number, body)
    for file, text in enumerate(texts):
        (folder / ("test_%02d.py" % file)).write_text(text)
    return truth


def name(number):
    return "test_%02d.py::test_%04d" % (number * FILES // TESTS, number)


def check(program, seed):
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        (folder / "suite").mkdir()
        truth = write_suite(folder / "suite", random.Random(seed))
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "pytest", "-q", "suite"], cwd=folder, stdout=subprocess.DEVNULL, check=False)
        suite_time = time.monotonic() - begun
        limit = "%ds" % round(5 * suite_time)
        arguments = ["run", "--suite", "pytest:suite", "--python", sys.executable, "--seed", "%x" % seed]
        subprocess.run([program, *arguments, "--max-time", limit, "-q"], cwd=folder, stdout=subprocess.DEVNULL, check=False)
        report = json.loads((folder / "reports/latest/report.json").read_text())
    wrong, verdicts = [], {}
    for case in report["cases"]:
        verdict = case["verdict"]
        polluter = truth.get(case["id"])
        if polluter is None:
            allowed = ("stable", "unproven")
        else:
            allowed = ("stable", "unproven", "undiagnosed", "order_dependent")
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
        if verdict not in allowed or (verdict == "undiagnosed" and not case.get("reason")):
            wrong.append("%s is %s" % (case["id"], verdict))
        if verdict == "order_dependent" and case.get("polluters") not in (None, [[polluter]]):
            wrong.append("%s is said to fail after %s, and does after %s" % (case["id"], case["polluters"], polluter))
    print("seed %d: a suite of %.1f s, %s: victims %s, %d wrong" % (seed, suite_time, limit, verdicts, len(wrong)))
    for line in wrong:
        print("  " + line)
    return not wrong


if __name__ == "__main__":
    steadfast = str(pathlib.Path(sys.argv[1]).resolve())
    seeds = [int(seed) for seed in sys.argv[2:]] or [1, 2, 3]
    sys.exit(0 if all([check(steadfast, seed) for seed in seeds]) else 1)

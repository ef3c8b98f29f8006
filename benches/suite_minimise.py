#!/usr/bin/env python3
"""Times to the minimal repro in a generated pytest suite: steadfast's minimiser beside detect-test-pollution.

    cargo build --release
    python3 benches/suite_minimise.py --python VENV/bin/python            4,000 tests, 60 s a round: half an hour
    python3 benches/suite_minimise.py --python VENV/bin/python --tests 400 --round 6

VENV needs pytest and detect-test-pollution. Two suites are generated, each with one victim in the middle and one polluter near
the end: in `variable` the polluter changes a variable of the suite's own module, which no cheap fingerprint sees; in
`environment` it sets an environment variable. Nothing else differs. Tests sleep, so that neighbours on the machine
change little.

steadfast runs the reverse order once, in which the victim fails after the half of the suite that holds the polluter.
The minimiser's seconds run from the end of the last planned round to the first diagnosis of the victim
in the run's journal, with the repro file written and tried in a fresh pytest; the whole run is told besides. detect-test-pollution is told the victim and
nothing else, as in its README.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PER_FILE = 40


def generate(folder, tests, seconds, kind):
    """Writes the suite, and returns the ids of the victim and of the polluter."""
    victim, polluter = tests // 2, tests - tests // 50 - 1
    pause = seconds / tests
    with open(os.path.join(folder, "shop.py"), "w") as file:
        file.write("RATES = {'eur': 1.0}\n")
    for begin in range(0, tests, PER_FILE):
        lines = ["import os", "import time", "", "import shop", ""]
        for number in range(begin, min(begin + PER_FILE, tests)):
            lines += ["", "def test_%04d():" % number, "    time.sleep(%.6f)" % pause]
            if number == victim:
                clean = "'rate' not in shop.RATES" if kind == "variable" else "'SHOP_RATE' not in os.environ"
                lines.append("    assert %s" % clean)
            if number == polluter:
                lines.append("    shop.RATES['rate'] = 2.0" if kind == "variable" else "    os.environ['SHOP_RATE'] = '2'")
            lines.append("")
        with open(os.path.join(folder, "test_part_%03d.py" % (begin // PER_FILE)), "w") as file:
            file.write("\n".join(lines))
    name = "test_part_%03d.py::test_%04d"
    return name % (victim // PER_FILE, victim), name % (polluter // PER_FILE, polluter)


def other_tool(python, folder, victim, polluter):
    """Seconds of detect-test-pollution, which has to name the polluter."""
    begun = time.monotonic()
    program = os.path.join(os.path.dirname(python), "detect-test-pollution")
    command = [program, "--failing-test", victim, "--tests", "."]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seconds = time.monotonic() - begun
    if polluter not in done.stdout:
        sys.exit("detect-test-pollution did not name the polluter:\n%s" % done.stdout)
    return seconds


def ours(program, python, folder, reports, victim, polluter):
    """Seconds of the minimiser and of the whole run."""
    begun = time.monotonic()
    command = [program, "run", "--suite", "pytest:.", "--python", python, "--report-dir", reports, "--orders", "reverse"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    whole = time.monotonic() - begun
    kinds, ended, named, complete, probes = {}, 0.0, None, 0.0, 0
    with open(os.path.join(reports, "latest", "events.jsonl")) as journal:
        for line in journal:
            entry = json.loads(line)
            at, event = entry["at"] / 1e3, entry["event"]
            if not isinstance(event, dict):
                continue
            if "run_started" in event:
                ids = [case["id"] for case in event["run_started"]["cases"]]
            if "round_started" in event:
                kinds[event["round_started"]["round"]] = event["round_started"]["kind"]
                probes += event["round_started"]["kind"] in ("probe", "walk")
            if "round_finished" in event and kinds[event["round_finished"]["round"]] not in ("probe", "walk", "survey", "repeated"):
                ended = at
            if "diagnosed" in event and ids[event["diagnosed"]["case"]] == victim:
                told = event["diagnosed"]["conclusion"]
                if named is None:
                    named = at - ended
                complete = at - ended
    if named is None or ids.index(polluter) not in sum(told.get("victim", told).get("polluters", []), []):
        sys.exit("steadfast did not name the polluter:\n%s" % done.stdout)
    return named, complete, whole, probes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--program", default=os.path.join(ROOT, "target", "release", "steadfast"))
    parser.add_argument("--tests", type=int, default=4000)
    parser.add_argument("--round", type=float, default=60.0, help="seconds that the tests of a round sleep together")
    parser.add_argument("--kind", choices=["variable", "environment"], help="one of the two suites")
    parser.add_argument("--only", choices=["ours"], help="leave the other tool out")
    arguments = parser.parse_args()
    print("%d tests, %.0f s a round" % (arguments.tests, arguments.round))
    print("| polluter changes | detect-test-pollution | minimiser: repro | ratio | all it looks for | probes | whole run |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for kind in [arguments.kind] if arguments.kind else ["variable", "environment"]:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as reports:
            victim, polluter = generate(folder, arguments.tests, arguments.round, kind)
            python = os.path.abspath(arguments.python)
            named, complete, whole, probes = ours(
                os.path.abspath(arguments.program), python, folder, reports, victim, polluter
            )
            theirs = None if arguments.only else other_tool(python, folder, victim, polluter)
            told = ("%.1f s" % theirs, "%.3f" % (named / theirs)) if theirs else ("-", "-")
            print("| %s | %s | %.1f s | %s | %.1f s | %d | %.1f s |" % ((kind, told[0], named, told[1], complete, probes, whole)), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Pytest suites with known truth, made at random, and what steadfast says of them.

    python3 benches/known_truth.py [--suites 40] [--first 1] [--compare] [--steadfast target/release/steadfast] [--python PYTHON]

Each suite has 20 to 120 tests in up to six files, most of them healthy, and one to four groups of tests that belong
together: a victim with its polluter, with two that act together, with either of two, with a cleaner or with a polluter
that fails itself; with a polluter that 39 of 40 other tests clean up after, with two that act in one order only, with
three that contradict each other; one that another test heals which leaves a mark of its own; five victims of one; a
victim that fails half of the time; a brittle test; one that is its own polluter; one that fails by chance; one that is
broken. What they share is a dictionary, an attribute, an environment variable, a module, a file in TMPDIR, a context
variable or a function of `time`. Prints one line a suite with whatever was wrong: MISSED, WOLF (healthy, and accused),
WRONG (another verdict or cause). Ends with exit 1 if anything but MISSED was seen: no plan shows everything.

At the end it prints the share of the tests that depend on the order which were found, and in how many times of a declared
round. With --compare two other plans are run as well: declared, reverse and six shuffles, and 105 orders of a row-complete
square (as many as published work takes).
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

FILE = "os.path.join(tempfile.gettempdir(), {name!r})"
STATES = {
    "dictionary": ("shared.D[{name!r}] = 1", "shared.D.pop({name!r}, None)", "{name!r} in shared.D"),
    "attribute": ("shared.{name} = 1", "shared.__dict__.pop({name!r}, None)", "hasattr(shared, {name!r})"),
    "environment": ("os.environ[{name!r}] = '1'", "os.environ.pop({name!r}, None)", "{name!r} in os.environ"),
    "module": ("sys.modules[{name!r}] = shared", "sys.modules.pop({name!r}, None)", "{name!r} in sys.modules"),
    "file": (f"open({FILE}, 'w').close()", f"os.path.exists({FILE}) and os.remove({FILE})", f"os.path.exists({FILE})"),
}
STATES["context"] = ("shared.C.set({name!r})", "shared.C.set('')", "shared.C.get() == {name!r}")
STATES["function"] = (
    "time.{name} = time.sleep",
    "time.__dict__.pop({name!r}, None)",
    "hasattr(time, {name!r})",
)
KINDS = "victim five two either cleaner hidden chain contrary healed failing noisy brittle itself chance broken".split()
OTHER_PLANS = {
    "declared, reverse, 6 shuffles": ["--rounds", "8", "--no-alone"],
    "105 rows of a square": ["--orders", "pairs", "--rounds", "105"],
}
CHANCE = "int.from_bytes(os.urandom(4), 'big') / 2**32"


class Suite:
    """Tests with their bodies, and what is true of them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.tests, self.files = self.random.choice([20, 60, 120]), self.random.choice([1, 3, 6])
        self.bodies = {self.name(number): [] for number in range(self.tests)}
        self.free = list(self.bodies)
        self.random.shuffle(self.free)
        self.truth, self.kinds = {}, []
        for group in range(self.random.randint(1, 4)):
            self.add(self.random.choice(KINDS), self.random.choice(list(STATES)), f"G{group}")

    def name(self, number):
        return f"test_{number * self.files // self.tests}.py::test_{number:03d}"

    def take(self, count):
        taken, self.free = self.free[:count], self.free[count:]
        return taken

    def add(self, kind, state, name):
        self.kinds.append(f"{kind} ({state})")
        sets, clears, has = STATES[state]

        def put(test, template, suffix=""):
            self.bodies[test].append(template.format(name=name + suffix))

        def victim(test, polluters):
            self.truth[test] = ("order_dependent", "polluters", polluters)

        if kind in ("victim", "five", "cleaner", "hidden", "healed", "failing", "noisy"):
            polluter, *victims = self.take(6 if kind == "five" else 2)
            put(polluter, sets)
            for test in victims:
                put(test, f"assert not ({has}{f' and {CHANCE} < 0.5' if kind == 'noisy' else ''})")
                victim(test, [{polluter}])
            if kind == "cleaner":
                put(self.take(1)[0], clears)
            if kind == "hidden":
                for cleaner in self.random.sample(self.free, len(self.free) * 39 // 40):
                    put(cleaner, clears)
            if kind == "healed":
                (healer,) = self.take(1)
                put(healer, clears)
                self.bodies[healer].append(f"shared.D['healed by {name}'] = 1")
            if kind == "failing":
                put(polluter, "assert False")
                self.truth[polluter] = ("broken", None, None)
        elif kind == "two":
            first, second, test = self.take(3)
            put(first, sets, "a")
            put(second, sets, "b")
            self.bodies[test].append(f"assert not ({has.format(name=name + 'a')} and {has.format(name=name + 'b')})")
            victim(test, [{first, second}])
        elif kind == "chain":
            first, second, test = self.take(3)
            put(first, "shared.D[{name!r}] = shared.D.get({name!r}) or 'a'")
            put(second, "shared.D[{name!r}] = 'ab' if shared.D.get({name!r}) == 'a' else 'b'")
            put(test, "assert shared.D.get({name!r}) != 'ab'")
            for cleaner in self.take(2):
                put(cleaner, "shared.D.pop({name!r}, None)")
            victim(test, [{first, second}])
        elif kind == "contrary":
            for value in range(3):
                polluter, test = self.take(2)
                put(polluter, "shared.D[{name!r}] = %d" % value)
                put(test, "assert shared.D.get({name!r}) != %d" % value)
                victim(test, [{polluter}])
            for cleaner in self.take(2):
                put(cleaner, "shared.D.pop({name!r}, None)")
        elif kind == "either":
            *polluters, test = self.take(3)
            for polluter in polluters:
                put(polluter, sets)
            put(test, f"assert not ({has})")
            victim(test, [{polluter} for polluter in polluters])
        elif kind == "brittle":
            setter, test = self.take(2)
            put(setter, sets)
            put(test, f"assert {has}")
            self.truth[test] = ("order_dependent", "state_setters", [{setter}])
        elif kind == "itself":
            (test,) = self.take(1)
            put(test, f"assert not ({has})")
            put(test, sets)
            self.truth[test] = ("non_idempotent", None, None)
        elif kind == "chance":
            (test,) = self.take(1)
            put(test, f"assert {CHANCE} > {self.random.choice([0.3, 0.5, 0.7])}")
            self.truth[test] = ("intermittent", None, None)
        else:
            (test,) = self.take(1)
            put(test, "assert 1 == 2")
            self.truth[test] = ("broken", None, None)

    def write(self, folder):
        (folder / "conftest.py").touch()
        (folder / "shared.py").write_text("import contextvars\nD = {}\nC = contextvars.ContextVar('C', default='')\n")
        texts = {}
        for test, body in self.bodies.items():
            file, name = test.split("::")
            lines = texts.setdefault(file, ["import os, sys, tempfile, time", "import shared", ""])
            lines += [f"def {name}():", *("    " + line for line in body or ["pass"]), ""]
        for file, lines in texts.items():
            (folder / file).write_text("\n".join(lines))

    def wrong(self, report):
        """What the report has wrong, in words."""
        cases = {case["id"]: case for case in report["cases"]}
        for test, (verdict, key, causes) in self.truth.items():
            case = cases[test]
            if case["verdict"] == "stable":
                yield f"MISSED {test}: {verdict}"
            elif case["verdict"] != verdict:
                yield f"WRONG {test}: {case['verdict']}, not {verdict}"
            elif key and not any(set(found) in causes for found in case.get(key) or []):
                yield f"WRONG {test}: {case.get('role')} {case.get(key)}, not {key} {causes}"
        for test, case in cases.items():
            if test not in self.truth and case["verdict"] != "stable":
                yield f"WOLF {test}: {case['verdict']}"


def times_of_a_declared_round(journal):
    """What all planned and added rounds took, in times of the declared one (of 105 rows, of the mean)."""
    kinds, took = {}, {}
    for line in journal.read_text().splitlines():
        event = json.loads(line)["event"]
        if "round_started" in event:
            kinds[event["round_started"]["round"]] = event["round_started"]["kind"]
        elif "round_finished" in event:
            took.setdefault(kinds[event["round_finished"]["round"]], []).append(event["round_finished"]["millis"])
    rounds = [millis for kind, all_of in took.items() if kind not in ("probe", "walk", "survey", "repeated") for millis in all_of]
    one = (took.get("declared") or [sum(rounds) / len(rounds)])[0]
    return sum(rounds) / max(one, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", type=int, default=40)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--steadfast", default="target/release/steadfast")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    program = str(pathlib.Path(options.steadfast).resolve())
    groups, wrong, shares = 0, [], {}

    def run(folder, seed, more, plan, suite):
        command = [program, "run", "--suite", "pytest:.", "--python", options.python, "--seed", f"{seed:x}"]
        ended = subprocess.run([*command, *more], cwd=folder, capture_output=True, text=True)
        if ended.returncode not in (0, 1):
            sys.exit(f"suite {seed}: exit {ended.returncode}\n{ended.stdout}{ended.stderr}")
        report = json.loads((folder / "reports/latest/report.json").read_text())
        stable = {case["id"] for case in report["cases"] if case["verdict"] == "stable"}
        dependent = [test for test, (verdict, *_) in suite.truth.items() if verdict == "order_dependent"]
        found, all_of_them, suite_times = shares.setdefault(plan, [0, 0, []])
        shares[plan][0] = found + sum(test not in stable for test in dependent)
        shares[plan][1] = all_of_them + len(dependent)
        suite_times.append(times_of_a_declared_round(folder / "reports/latest/events.jsonl"))
        return report

    for seed in range(options.first, options.first + options.suites):
        suite = Suite(seed)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            suite.write(folder)
            report = run(folder, seed, [], "the default", suite)
            for plan, more in OTHER_PLANS.items() if options.compare else ():
                run(folder, seed, [*more, "--no-leaks"], plan, suite)
        found = list(suite.wrong(report))
        groups += len(suite.kinds)
        wrong += found
        print(f"suite {seed}: {suite.tests} tests; {', '.join(suite.kinds)}", *found, sep="\n  ", flush=True)
    counts = {word: sum(text.startswith(word) for text in wrong) for word in ("MISSED", "WRONG", "WOLF")}
    print(f"{options.suites} suites, {groups} groups: {counts}")
    for plan, (found, all_of_them, suite_times) in shares.items():
        share = found / max(all_of_them, 1)
        middle = sorted(suite_times)[len(suite_times) // 2]
        print(f"{plan}: {found} of {all_of_them} ({share:.1%}) that depend on the order, in {middle:.0f} declared rounds")
    sys.exit(bool(counts["WRONG"] or counts["WOLF"]))


if __name__ == "__main__":
    main()

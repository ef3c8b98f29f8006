"""What a run may say of a suite whose truth is known: of each test that does not pass always, and of nobody else."""

FINE = {"verdict": "stable"}
# The same where time may end a run before its plan.
FINE_SO_FAR = {"verdict": ("stable", "unproven")}


class Suite:
    """A suite with its truth. `truth` maps the end of a test's id to what may be said of it."""

    def __init__(self, files, truth=None, codes=(1,), arguments=(), says=(), never=(), needs=(), leaves=(), folder=".", runner="pytest"):
        self.files = {"test_it.py": files} if isinstance(files, str) else files
        self.truth = truth or {}
        self.codes = codes
        self.arguments = list(arguments)
        # What stands in the report somewhere, and what nowhere.
        self.says, self.never = says, never
        # Plugins that the Python must have.
        self.needs = needs
        # What its tests leave beside themselves.
        self.leaves = leaves
        # Where the suite lies in the project's folder.
        self.folder = folder
        self.runner = runner

    def within(self, limit):
        """The same where time may be up before it is all found: whoever was not examined is not accused either."""
        truth = {}
        for name, expected in self.truth.items():
            verdict = expected["verdict"]
            verdicts = verdict if isinstance(verdict, tuple) else (verdict,)
            truth[name] = {key: value for key, value in expected.items() if key in ("role", "polluters", "state_setters")}
            truth[name]["verdict"] = (*verdicts, "undiagnosed", "stable", "unproven")
            truth[name]["so_far"] = True
        arguments = [*self.arguments, "--max-time", limit]
        return Suite(self.files, truth, (0, 1, 3), arguments, needs=self.needs, leaves=self.leaves, folder=self.folder, runner=self.runner)


def victim(*sequences, **more):
    """A victim of each of the sequences, and of nothing else. A set stands for its members in any order."""
    return {"verdict": "order_dependent", "role": "victim", "polluters": list(sequences), **more}


def brittle(*sequences, **more):
    return {"verdict": "order_dependent", "role": "brittle", "state_setters": list(sequences), **more}


def is_one_of(*verdicts):
    return {"verdict": verdicts}


BROKEN, CHANCE, OUTSIDE, TWICE = ({"verdict": v} for v in ("broken", "intermittent", "environment_dependent", "non_idempotent"))


def short(id):
    return id.split("::")[-1] if "::" in id else id


def faults_of_case(case, expected):
    faults = []
    for key, wanted in expected.items():
        seen = case.get(key)
        if key in ("polluters", "state_setters"):
            if case["verdict"] != "order_dependent":
                continue
            seen = sorted([short(member) for member in sequence] for sequence in seen or [])
            are_right = all(any(type(one)(sequence) == one for one in wanted) for sequence in seen)
            if are_right and all(expected.get("so_far") or any(type(one)(sequence) == one for sequence in seen) for one in wanted):
                continue
        elif key == "so_far" or key == "role" and case["verdict"] != "order_dependent":
            continue
        elif key == "verdict" and isinstance(wanted, tuple):
            if seen not in wanted:
                faults.append(f"is {seen}, not one of {', '.join(wanted)}")
            continue
        elif key == "says":
            if wanted not in str(case):
                faults.append(f"does not say {wanted!r}")
            continue
        if seen != wanted:
            faults.append(f"{key} is {seen}, not {wanted}")
    if case["verdict"] == "undiagnosed" and not case.get("reason"):
        faults.append("is undiagnosed, and nobody says why")
    return [f"{short(case['id'])} {fault}" for fault in faults]


def faults(suite, report, code):
    """What is wrong with a report; nothing if it is right."""
    found = [] if code in suite.codes else [f"exit {code}"]
    if report is None:
        return found + ["there is no report"]
    met = set()
    usual = FINE_SO_FAR if "--max-time" in suite.arguments else FINE
    for case in report["cases"]:
        name = next((name for name in suite.truth if case["id"].endswith(name)), None)
        met.add(name)
        found += faults_of_case(case, suite.truth.get(name, usual))
    found += [f"{name} did not run" for name in suite.truth if name not in met]
    text = str(report)
    found += [f"nothing says {words!r}" for words in suite.says if words not in text]
    found += [f"something says {words!r}" for words in suite.never if words in text]
    return found

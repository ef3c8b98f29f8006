"""Lists the tests of unittest or of Django, or runs some of them in the order asked for, in one process.

    python-unittest.py KIND RESULTS [--order FILE | --plain] -- ARGUMENTS OF THE RUNNER

KIND is `unittest` or `django`. RESULTS is a file that gets a JSON object per line; FILE has a JSON text per line, the ids.
With --plain the runner runs all as it does by itself, and no more is done than to tell what it says.
Tests are found as `python -m unittest` or `manage.py test` finds them with the same arguments.
"""

import copy
import doctest
import json
import os
import re
import sys
import sysconfig
import time
import traceback
import unittest


class Results:
    """The file of results. Its descriptor is nobody else's: what tests print is no result."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def tell(self, **fields):
        os.write(self.file, (json.dumps(fields) + "\n").encode())


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        elif test is not None:
            yield test


def with_ids(tests):
    """Each test with an id of its own: one that has another's id is told apart by its number."""
    seen = {}
    for test in tests:
        name = test.id()
        seen[name] = seen.get(name, 0) + 1
        yield (f"{name} [{seen[name]}]" if seen[name] > 1 else name), test


def again(test):
    """The same test once more, as it was before it ran."""
    other = copy.copy(test)
    other._cleanups = []
    if isinstance(other, doctest.DocTestCase):
        # Its names are cleared when it ends.
        other._dt_test = copy.copy(test._dt_test)
        other._dt_test.globs = test._dt_test.globs.copy()
    return other


def in_order(wanted, tests):
    """The tests of these names, with their names, in this order; one that comes again as a test of its own."""
    last = {name: place for place, name in enumerate(wanted)}
    for place, name in enumerate(wanted):
        if name in tests:
            yield name, tests[name] if last[name] == place else again(tests[name])


def place(test):
    method = getattr(type(test), getattr(test, "_testMethodName", ""), None)
    while hasattr(method, "__wrapped__"):
        method = method.__wrapped__
    code = getattr(method, "__code__", None)
    module = sys.modules.get(type(test).__module__)
    file = getattr(module, "__file__", None) or (code.co_filename if code else "")
    line = code.co_firstlineno if code and os.path.abspath(code.co_filename) == os.path.abspath(file) else 1
    return os.path.abspath(file) if file else "", line


HERE = os.path.dirname(os.path.realpath(__file__))
INSTALLED = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
FOREIGN = tuple(os.path.realpath(path) + os.sep for path in [*INSTALLED, HERE])
"""Folders of Python itself, of what is installed, and of this file."""

START = os.getcwd()
"""Where the runner began: a test may change the folder."""


def own_place(error):
    """The innermost place of a failure in the project's code, as `file:line`; empty if there is none."""
    own = ""
    seen = set()
    while error is not None and id(error) not in seen and not own:
        seen.add(id(error))
        for frame, line in traceback.walk_tb(error.__traceback__):
            path = os.path.realpath(frame.f_code.co_filename)
            if os.path.isfile(path) and not path.startswith(FOREIGN):
                own = f"{os.path.relpath(path, START)}:{line}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return own


class Told(unittest.TestResult):
    """Tells of each test how it ended when it has: a test may fail in its subtests, itself and its cleanups."""

    def __init__(self, results, ids):
        super().__init__()
        self.results, self.ids = results, ids
        self.under_way = None
        self.around = {}

    def startTest(self, test):
        super().startTest(test)
        self.under_way = {"outcome": "passed", "message": "", "details": "", "at": ""}
        self.began = time.perf_counter()
        self.results.tell(id=self.ids[id(test)], outcome="started")

    def stopTest(self, test):
        super().stopTest(test)
        if self.under_way is not None:
            seconds = time.perf_counter() - self.began
            self.results.tell(id=self.ids[id(test)], seconds=seconds, **self.under_way)
        self.under_way = None

    def saw(self, outcome, message, details="", at=""):
        order = ["passed", "skipped", "failed", "errored"]
        if order.index(outcome) > order.index(self.under_way["outcome"]):
            self.under_way.update(outcome=outcome, message=message, at=at)
        self.under_way["details"] += details

    def failed(self, test, outcome, error, about=""):
        message = about + (str(error[1]) or error[0].__name__)
        details = "".join(traceback.format_exception(*error))
        if self.under_way is not None:
            self.saw(outcome, message, details, own_place(error[1]))
            return
        # Something around tests: `setUpClass (module.Class)`.
        self.around[test.id()] = ("errored", message, details)
        if not test.id().startswith("setUp"):
            self.results.tell(note=f"{test.id()} failed: {message}")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.failed(test, "failed", error)

    def addError(self, test, error):
        super().addError(test, error)
        self.failed(test, "errored", error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            outcome = "failed" if issubclass(error[0], test.failureException) else "errored"
            self.failed(test, outcome, error, subtest._subDescription() + ": ")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if self.under_way is not None:
            self.saw("skipped", reason)
        else:
            self.around[test.id()] = ("skipped", reason, "")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.saw("failed", "unexpected success")


def play(tests, result, watcher=None):
    """Runs tests in this order, with what their classes and modules set up around them, as a suite does."""
    suite = unittest.TestSuite()
    for test in tests:
        kind = type(test)
        suite._tearDownPreviousClass(test, result)
        if watcher:
            watcher.next(result.ids[id(test)])
        suite._handleModuleFixture(test, result)
        suite._handleClassSetUp(test, result)
        result._previousTestClass = kind
        name = f"{kind.__module__}.{kind.__qualname__}"
        around = result.around.get(f"setUpClass ({name})") or result.around.get(f"setUpModule ({kind.__module__})")
        if getattr(kind, "_classSetupFailed", False) or getattr(result, "_moduleSetUpFailed", False):
            outcome, message, details = around or ("errored", "its class or module was not set up", "")
            result.results.tell(id=result.ids[id(test)], outcome=outcome, message=message, details=details)
            continue
        if "__call__" in kind.__dict__ or not isinstance(test, unittest.TestCase):
            test(result)
        else:
            test(result=result)
    if watcher:
        watcher.end()
    suite._tearDownPreviousClass(None, result)
    suite._handleModuleTearDown(result)


def watcher_of(results):
    """What looks at the state that one of the tests leaves, where somebody asks for it; it lies beside this file."""
    if "STEADFAST_WATCH" not in os.environ:
        return None
    beside = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, beside)
    try:
        from python_state import Watcher
    finally:
        sys.path.remove(beside)
    return Watcher(results)


class Heard(unittest.TextTestResult):
    """What unittest says by itself of each test, whatever is shown of it."""

    def startTest(self, test):
        super().startTest(test)
        self.before = {name: len(getattr(self, name)) for name in ("failures", "errors", "skipped", "unexpectedSuccesses")}

    def stopTest(self, test):
        super().stopTest(test)
        grown = [name for name, count in self.before.items() if len(getattr(self, name)) > count]
        outcome = "failed" if [name for name in grown if name != "skipped"] else "skipped" if grown else "passed"
        Heard.results.tell(id=test.id(), outcome=outcome)

    def addError(self, test, error):
        super().addError(test, error)
        if not isinstance(test, unittest.TestCase):
            # Something around tests: `tearDownModule (module)`.
            Heard.results.tell(note=f"{test.id()} failed: {str(error[1]) or error[0].__name__}")


class Keeper:
    """A test runner that keeps the suite that it is given, for `unittest.main`."""

    suite = None

    def __init__(self, *_, **__):
        pass

    def run(self, suite):
        Keeper.suite = suite
        result = unittest.TestResult()
        result.testsRun = 1
        return result


def of_unittest(arguments):
    try:
        unittest.main(module=None, argv=["python -m unittest", *arguments], testRunner=Keeper, exit=False)
    except SystemExit as exit:
        if Keeper.suite is None:
            raise exit
    return list(flat(Keeper.suite)), lambda tests: 0, lambda run: run()


def plain_django(arguments):
    """Django's own run of all tests."""
    kind, labels, options = django_runner(arguments)

    class Plain(kind):
        def get_resultclass(self):
            return Heard

    Plain(verbosity=1, interactive=False, failfast=False, **options).run_tests(labels)


def django_runner(arguments):
    """The class of the project's runner, the tests that are chosen, and options for it."""
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        with open("manage.py", encoding="utf-8") as manage:
            found = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", manage.read())
        if not found:
            sys.exit("manage.py names no DJANGO_SETTINGS_MODULE: set it in the environment")
        os.environ["DJANGO_SETTINGS_MODULE"] = found.group(1)
    import argparse

    import django
    from django.conf import settings
    from django.test.utils import get_runner

    django.setup()
    kind = get_runner(settings)
    parser = argparse.ArgumentParser(prog="manage.py test")
    parser.add_argument("labels", nargs="*")
    kind.add_arguments(parser)
    options = vars(parser.parse_args(arguments))
    labels = options.pop("labels")
    options.update(parallel=0, keepdb=False)
    return kind, labels or None, options


def of_django(arguments):
    kind, labels, options = django_runner(arguments)
    runner = kind(verbosity=0, interactive=False, failfast=False, **options)
    runner.setup_test_environment()
    suite = runner.build_suite(labels)
    tests = [test for test in flat(suite)]

    # Tests of a class that Django runs later may empty tables that those of an earlier one find filled.
    def rank(test):
        kinds = list(runner.reorder_by)
        return next((place for place, kind in enumerate(kinds) if isinstance(test, kind)), len(kinds))

    def around(run):
        databases = {}
        if hasattr(runner, "get_databases"):
            databases = {"aliases": runner.get_databases(suite)}
            databases["serialized_aliases"] = {alias for alias, wanted in databases["aliases"].items() if wanted} if isinstance(databases["aliases"], dict) else None
        old = runner.setup_databases(**databases)
        try:
            run()
        finally:
            runner.teardown_databases(old)

    return tests, rank, around


def main():
    kind, path, *rest = sys.argv[1:]
    if rest[0] == "--plain":
        sys.path[0] = os.getcwd()
        Heard.results = Results(path)
        if kind == "django":
            sys.argv = ["manage.py", "test", *rest[2:]]
            plain_django(rest[2:])
            return
        runner = unittest.TextTestRunner(resultclass=Heard)
        unittest.main(module=None, argv=["python -m unittest", *rest[2:]], testRunner=runner)
        return
    order, arguments = (rest[1], rest[3:]) if rest[0] == "--order" else (None, rest[1:])
    sys.path[0] = os.getcwd()
    sys.argv = ["python -m unittest", *arguments]
    results = Results(path)
    tests, rank, around = (of_django if kind == "django" else of_unittest)(arguments)
    named = list(with_ids(tests))
    if order is None:
        for name, test in named:
            file, line = place(test)
            results.tell(id=name, name=test.id(), file=os.path.relpath(file) if file else "", line=line, module=type(test).__module__, rank=rank(test))
        return
    with open(order, encoding="utf-8") as lines:
        wanted = [json.loads(line) for line in lines if line.strip()]
    chosen = list(in_order(wanted, dict(named)))
    result = Told(results, {id(test): name for name, test in [*named, *chosen]})
    watcher = watcher_of(results)
    around(lambda: play([test for _, test in chosen], result, watcher))


if __name__ == "__main__":
    main()

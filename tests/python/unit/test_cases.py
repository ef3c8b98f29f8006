from types import SimpleNamespace

from steadfast_pytest.cases import Trial, describe, skip_reason


def report(when="call", outcome="passed", **more):
    fields = dict(when=when, failed=outcome == "failed", skipped=outcome == "skipped", longrepr=None, sections=[])
    return SimpleNamespace(**dict(fields, **more))


def outcome(*reports):
    trial = Trial()
    trial.reports = list(reports)
    return trial.outcome()


def test_the_worst_phase_decides():
    assert outcome(report("setup"), report("call"), report("teardown"))["outcome"] == "passed"
    assert outcome(report("setup"), report("call", "failed", longrepr="E boom"))["outcome"] == "failed"
    torn = outcome(report("call"), report("teardown", "failed", longrepr="x\nE   ValueError: boom"))
    assert (torn["outcome"], torn["message"]) == ("errored", "teardown: ValueError: boom")


def test_an_expected_failure_passes_and_a_skip_tells_why():
    assert outcome(report("call", "skipped", wasxfail="known"))["outcome"] == "passed"
    skipped = outcome(report("setup", "skipped", longrepr=("f.py", 3, "Skipped: no network")))
    assert skipped == {"outcome": "skipped", "message": "no network"}
    assert skip_reason(SimpleNamespace(longrepr="why not")) == "why not"


def test_a_test_of_which_pytest_reports_nothing_is_errored():
    assert outcome()["outcome"] == "errored"
    assert outcome(report("setup"))["outcome"] == "errored"


def test_a_failure_is_told_with_its_place_and_the_line_that_raised_it():
    class Repr:
        reprcrash = SimpleNamespace(path=__file__, lineno=1, message="assert 1 == 2")

        def __str__(self):
            return "the traceback"

    told = describe(report("call", "failed", longrepr=Repr(), sections=[("out", "text")]))
    assert told["source"] == "from types import SimpleNamespace"
    assert (told["file"], told["line"], told["message"]) == (__file__, 1, "assert 1 == 2")
    assert told["details"] == "the traceback\n--- out\ntext"

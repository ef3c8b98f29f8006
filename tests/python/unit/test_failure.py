import os
from types import SimpleNamespace
from unittest import TestCase

from steadfast_pytest.cases import Trial
from steadfast_pytest.failure import fixture_of, identity, leaf

HERE = os.path.dirname(os.path.abspath(__file__))


def raised(act):
    try:
        act()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_the_place_is_in_the_users_code_and_not_in_unittest():
    told = identity(raised(lambda: TestCase().assertEqual(3, 4)), HERE)
    assert told["exception"] == "AssertionError"
    assert (os.path.basename(told["file"]), "assertEqual(3, 4)" in told["source"]) == ("test_failure.py", True)


def test_a_failure_outside_the_project_has_no_place():
    told = identity(raised(lambda: TestCase().assertEqual(3, 4)), os.path.join(HERE, "elsewhere"))
    assert told == {"exception": "AssertionError"}


def test_of_a_group_the_first_exception_counts():
    group = SimpleNamespace(exceptions=[SimpleNamespace(exceptions=[KeyError("x")])])
    assert isinstance(leaf(group), KeyError)


def test_a_fixture_whose_tear_down_fails_is_named_with_its_scope():
    class FixtureDef:
        argname, scope = "till", "session"

        def finish(self):
            raise ValueError("coins left")

    till = FixtureDef()
    assert fixture_of(raised(till.finish)) is till
    assert fixture_of(ValueError("boom")) is None


def test_a_first_attempt_that_failed_counts_where_a_plugin_tried_again():
    trial = Trial()
    passed = {"failed": False, "skipped": False, "passed": True}
    trial.reports = [SimpleNamespace(when="call", longrepr=None, sections=[], **passed)]
    trial.hidden = SimpleNamespace(when="call", failed=True, skipped=False, longrepr="E boom", sections=[])
    told = trial.outcome()
    assert (told["outcome"], told["message"], trial.is_tried_again) == ("failed", "boom", True)

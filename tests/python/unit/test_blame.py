"""Fixtures of several tests that fail at their end, in a pytest of its own, spoken with as the harness does."""

import shutil

from kit import Served, outcomes

TILL = """
import pytest
@pytest.fixture(scope="module", params=["tea", "rice"])
def shelf(request):
    yield request.param
    assert request.param != "rice", "rice is left"
def test_one(shelf): pass
def test_two(shelf): pass
def test_apart(): pass
"""


def last(finished):
    """How each test ended in the end: the first line of a test may be corrected by a later one."""
    return dict((message["finished"], message["outcome"]) for message in finished)


def test_of_a_fixture_with_parameters_only_the_users_of_the_failing_one_are_told(tmp_path):
    with Served(tmp_path, {"test_it.py": TILL}) as served:
        names = [case["id"].split("::")[1] for case in served.collected["cases"]]
        tea, rice, apart = names.index("test_one[tea]"), names.index("test_one[rice]"), names.index("test_apart")
        assert last(served.finished([tea, rice, apart])) == {0: "passed", 1: "errored", 2: "passed"}
        # The tear-down fails while the next test is set up, which comes to run all the same.
        told = served.finished([rice, tea, apart])
        assert last(told) == {0: "errored", 1: "passed", 2: "passed"}
        (message,) = [one["message"] for one in told if one.get("message")]
        assert message.startswith("teardown of the module fixture `shelf`, used by test_it.py::test_one[rice]: ")


def test_a_fixture_of_one_module_is_not_blamed_on_users_in_another(tmp_path):
    till = "import pytest\n@pytest.fixture(scope='module')\ndef till(request):\n    yield\n"
    till += "    assert 'b' not in request.module.__name__\n"
    files = {"conftest.py": till, "test_a.py": "def test_a(till): pass\n", "test_b.py": "def test_b(till): pass\n"}
    with Served(tmp_path, files) as served:
        assert last(served.finished([0, 1])) == {0: "passed", 1: "errored"}
        assert last(served.finished([1, 0])) == {0: "errored", 1: "passed"}


def test_what_marking_tests_set_up_is_torn_down_after_an_aftermath_and_blamed_on_them(tmp_path):
    text = "import unittest\nclass Shop(unittest.TestCase):\n    def test_one(self): pass\n    def test_two(self): pass\n"
    text = "def tearDownModule(): raise RuntimeError('open')\n" + text + "def test_apart(): pass\n"
    with Served(tmp_path, {"test_it.py": text}) as served:
        told = served.finished([0, 1, 2], aftermath={"marking": 1})
        assert last(told) == {0: "errored", 1: "errored", 2: "errored"}
        assert "teardown of the module test_it, used by" in told[-1]["message"]


def test_what_an_import_seeds_and_holds_open_is_known(tmp_path):
    text = "import random\nrandom.seed(%s)\nBASE = open(__file__ + '.db', 'w+')\n"
    text += "def test_draws(): assert round(random.random(), 6) == 0.639427\n"
    with Served(tmp_path, {"test_it.py": text % "42"}) as served:
        assert [path.rsplit("/", 1)[-1] for path in served.collected["held"]] == ["test_it.py.db"]
        assert [outcomes(served.finished([0], seed=seed)) for seed in (1, 2)] == [["passed"], ["passed"]]
    shutil.rmtree(str(tmp_path / "tmp"))
    by_chance = text.replace("'w+'", "'a'") % "None"
    with Served(tmp_path, {"test_it.py": by_chance}) as served:
        assert served.collected["held"] == [] and outcomes(served.finished([0])) == ["failed"]

"""The plugin in a pytest of its own, spoken with as the harness does."""

from kit import Served, outcomes

SUITE = {
    "shop.py": "RATE = {'now': 1}\n",
    "test_shop.py": """
import os, sys
import pytest
import shop

def test_reads(): assert shop.RATE["now"] == 1
def test_writes(): shop.RATE["now"] = 2
def test_raises(): raise ValueError("boom")
@pytest.mark.skip(reason="not today")
def test_skips(): pass
def test_dies(): os._exit(3)
def test_sees_no_trace():
    assert not [name for name in os.environ if name.startswith("STEADFAST")]
    assert not [path for path in sys.path if "steadfast" in path]
""",
}
READS, WRITES, RAISES, SKIPS, DIES, SEES = range(6)


def test_orders_are_played_each_in_a_child_of_its_own(tmp_path):
    with Served(tmp_path, SUITE) as served:
        assert [case["id"] for case in served.collected["cases"]][READS] == "test_shop.py::test_reads"
        assert served.collected["forks"] and served.collected["threads"] == []
        assert outcomes(served.finished([READS, WRITES])) == ["passed", "passed"]
        assert outcomes(served.finished([WRITES, READS])) == ["passed", "failed"]
        assert outcomes(served.finished([READS, SKIPS, SEES])) == ["passed", "skipped", "passed"]


def test_a_failure_is_told_with_message_and_source(tmp_path):
    with Served(tmp_path, SUITE) as served:
        (told,) = served.finished([RAISES])
    assert told["outcome"] == "failed" and told["message"] == "ValueError: boom"
    assert told["source"] == 'def test_raises(): raise ValueError("boom")'


def test_a_failure_in_a_library_is_placed_where_the_suite_called_it(tmp_path):
    text = """
import unittest
class Shop(unittest.TestCase):
    def test_price(self):
        self.assertEqual(1, 2)
def test_number():
    int("x")
import json
def test_json():
    json.loads("{")
"""
    with Served(tmp_path, {"test_shop.py": text}) as served:
        told = served.finished([0, 1, 2])
    assert [one["source"] for one in told] == ["self.assertEqual(1, 2)", 'int("x")', 'json.loads("{")']
    assert [one["line"] for one in told] == [5, 7, 10]
    assert all(one["file"].endswith("test_shop.py") for one in told)


def test_a_child_that_dies_is_told_and_the_next_round_goes_on(tmp_path):
    with Served(tmp_path, SUITE) as served:
        assert served.round([DIES])[-1]["dead"] == "it ended with exit code 3"
        assert outcomes(served.finished([READS])) == ["passed"]


def test_a_test_that_other_collections_had_is_skipped(tmp_path):
    with Served(tmp_path, SUITE) as served:
        (told,) = served.finished([None])
    assert (told["outcome"], told["message"]) == ("skipped", "pytest did not collect it this time")


def test_a_walk_tells_after_how_many_tests_the_last_one_fails(tmp_path):
    with Served(tmp_path, SUITE) as served:
        told = served.finished([SKIPS, SEES, WRITES, SKIPS, READS], walk=4)[-1]
    assert (told["outcome"], told["after"]) == ("failed", 3)


def test_a_file_that_does_not_import_is_a_case_of_its_own(tmp_path):
    files = {"test_broken.py": "import no_such_module\n", "test_fine.py": "def test_it(): pass\n"}
    with Served(tmp_path, files) as served:
        names = [case["id"] for case in served.collected["cases"]]
        assert names == ["test_broken.py", "test_fine.py::test_it"]
        assert outcomes(served.finished([0, 1])) == ["errored", "passed"]


def test_exceptions_that_are_kept_from_the_tests_are_counted_at_the_end_of_the_round(tmp_path):
    text = """
import sys
class Odd:
    def __eq__(self, other): raise RuntimeError("no")
    __hash__ = None
def test_odd(): sys.modules["odd"] = Odd()
def test_odd_again(): sys.modules["odd"] = Odd()
"""
    with Served(tmp_path, {"test_odd.py": text}) as served:
        ended = [message for message in served.round([0, 1]) if "ended" in message]
    assert ended[0]["swallowed"] == {"Footprint.is_unchanged: RuntimeError": 1}


def test_an_aftermath_goes_on_where_a_test_left_functions_of_os_and_time_replaced(tmp_path):
    text = """
import os, select, time
def test_healthy(): pass
def test_leaves_mocks():
    def mock(*_, **__): raise RuntimeError("a mock")
    time.monotonic = time.sleep = os.getpid = os.read = os.write = os._exit = select.select = mock
def test_another(): pass
def test_victim(): assert time.sleep(0) is None
"""
    with Served(tmp_path, {"test_mocks.py": text}) as served:
        told = served.finished([1, 0, 2, 3], aftermath={"marking": 1})
    assert outcomes(told) == ["passed", "passed", "passed", "failed"]


def test_a_timer_that_a_test_leaves_strikes_a_test_and_nothing_of_ours(tmp_path):
    text = """
import signal, time
def ring(*_): raise TimeoutError("ring")
def test_sets():
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    while signal.SIGALRM not in signal.sigpending(): pass
def test_lets_it():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
def test_sees(): assert signal.SIGALRM not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
def test_leaves():
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
def test_waits():
    time.sleep(9)
"""
    with Served(tmp_path, {"test_it.py": text}) as served:
        assert outcomes(served.finished([0, 1, 2])) == ["passed", "failed", "passed"]
        assert outcomes(served.finished([3, 4])) in (["passed", "failed"], ["passed", "errored"])

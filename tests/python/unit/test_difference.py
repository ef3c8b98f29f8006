import sys
import types

import pytest
from kit import Served
from steadfast_pytest.difference import difference, followed, names, parting

SHOP = """
LIMIT = 10

def fee(total):
    if total > LIMIT:
        return 2
    return 0
"""


def test_paths_part_after_the_last_line_that_they_share():
    def lines(*numbers):
        return [["shop.py", number, {}] for number in numbers]

    assert parting(lines(1, 2, 3), lines(1, 2, 4)) == 1
    assert parting(lines(1, 2), lines(3)) is None
    assert parting(lines(1, 2), lines(1, 2, 3)) is None


def test_the_names_that_a_line_reads_are_known_also_of_a_line_that_is_no_statement():
    assert names("    if total > LIMIT:") == ["total", "LIMIT"]
    assert names("elif total in CONFIG['x']:") == ["total", "CONFIG"]
    assert names("    return label(price)") == ["label", "price"]
    assert names("]") == []


def test_the_first_line_at_which_two_runs_part_is_told_with_the_values_that_decide(tmp_path):
    file = tmp_path / "shop.py"
    file.write_text(SHOP)
    shop = types.ModuleType("shop")
    exec(compile(SHOP, str(file), "exec"), vars(shop))

    def run(limit):
        shop.LIMIT = limit
        return followed(lambda: shop.fee(5))

    tracing = sys.gettrace()
    one, other = run(1), run(10)
    sys.settrace(tracing)
    place = parting(one, other)
    assert one[place] == [str(file), 5, {"total": "5", "LIMIT": "1"}]
    told = difference(one, other, str(tmp_path), ("here", "there"))
    assert told == "here and there, its paths part at shop.py:5: if total > LIMIT:, where LIMIT = 1 (10)"


def test_where_both_runs_take_the_same_lines_the_first_value_that_differs_is_told():
    one = [["shop.py", 1, {"rate": "<Rate at 0x7f01>"}], ["shop.py", 2, {"total": "5"}]]
    other = [["shop.py", 1, {"rate": "<Rate at 0x7f02>"}], ["shop.py", 2, {"total": "7"}], ["shop.py", 3, {}]]
    told = difference(one, other, "/", ("here", "there"))
    assert "it runs the same lines, and a value differs at" in told and told.endswith("where total = 5 (7)"), told
    assert difference(one, one, "/", ("here", "there")) is None


COIN = """
import os, shop

def test_coin(): assert shop.is_even(os.urandom(1)[0])
def test_sure(): assert shop.is_even(2)
def test_sets(): shop.LIMIT = 0
def test_reads(): assert shop.fee(5) == 0
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    shop = SHOP + "\ndef is_even(number):\n    if number % 2 == 0:\n        return True\n    return False\n"
    with Served(tmp_path_factory.mktemp("coin"), {"shop.py": shop, "test_coin.py": COIN}) as served:
        yield served


def test_a_test_that_passes_and_fails_in_the_same_order_is_followed_until_it_has_done_both(served):
    (told,) = served.finished([0], follow=30.0)
    assert told["difference"].startswith("where it fails and where it passes, its paths part at shop.py:"), told
    assert "if number % 2 == 0:, where number = " in told["difference"], told


def test_a_test_that_always_ends_alike_has_no_difference(served):
    (told,) = served.finished([1], follow=0.5)
    assert told["outcome"] == "passed" and "difference" not in told, told


def test_a_victim_is_compared_with_itself_alone(served):
    (told,) = served.finished([2, 3], follow=30.0)
    expected = "after what runs before it and alone, its paths part at shop.py:5: if total > LIMIT:, where LIMIT = 0 (10)"
    assert (told["outcome"], told["difference"]) == ("failed", expected), told

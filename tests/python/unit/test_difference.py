import sys
import types

from steadfast_pytest.difference import followed, names, parting, sentence

SHOP = """
LIMIT = 10

def fee(total):
    if total > LIMIT:
        return 2
    return 0
"""


def test_paths_part_after_the_last_line_that_they_share():
    assert parting([1, 2, 3], [1, 2, 4]) == 1
    assert parting([1, 2], [3]) is None
    assert parting([1, 2], [1, 2, 3]) is None


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

    def run(limit, stop_at=None):
        shop.LIMIT = limit
        return followed(lambda: shop.fee(5), stop_at)

    tracing = sys.gettrace()
    (one, _), (other, _) = run(1), run(10)
    place = parting(one, other)
    assert one[place] == [str(file), 5]
    told = sentence(one[place], run(1, place)[1], run(10, place)[1], str(tmp_path))
    assert told.endswith("its paths part at shop.py:5: if total > LIMIT:, where LIMIT = 1 (10)")
    sys.settrace(tracing)

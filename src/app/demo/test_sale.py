from shop import PRICES, total


def test_a_sale_makes_apples_cheaper():
    PRICES["apple"] = 1
    assert total({"apple": 2}) == 2

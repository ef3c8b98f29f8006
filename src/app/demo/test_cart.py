from shop import total


def test_an_empty_cart_costs_nothing():
    assert total({}) == 0


def test_two_apples_cost_six():
    assert total({"apple": 2}) == 6

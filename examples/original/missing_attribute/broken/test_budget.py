import budget


def test_the_limit_is_told():
    assert budget.status().total_budget == 30.0


def test_what_is_used_is_told():
    assert budget.status().total_usage == 12.5

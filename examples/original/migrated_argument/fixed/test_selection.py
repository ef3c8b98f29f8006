import selection


def test_english_has_a_model():
    assert selection.select_model("en", ["mistral:7b"]) == "mistral:7b"


def test_french_has_a_model():
    assert selection.select_model("fr", installed_models=["mistral:7b"]) == "mistral:7b"

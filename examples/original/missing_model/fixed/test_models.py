import models

INSTALLED = ["neural-chat:7b", "mistral:7b"]


def test_a_chat_model_talks():
    assert models.select("conversation", INSTALLED) == "neural-chat:7b"


def test_a_code_model_answers_technical_questions():
    assert models.select("technical", [*INSTALLED, "codellama:7b"]) == "codellama:7b"

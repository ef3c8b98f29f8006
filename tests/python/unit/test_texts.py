import json

from steadfast_state.texts import LONGEST, clean, cut, one_line


def test_text_that_is_not_unicode_is_escaped():
    assert clean("caf\udce9") == "caf\\udce9"
    json.dumps(clean("\ud800")).encode("ascii")


def test_an_id_stays_on_one_line():
    assert one_line("test_a[one\ntwo\x00é]") == "test_a[one\\ntwo\\x00é]"


def test_a_long_text_keeps_its_beginning_and_its_end():
    text = "a" * LONGEST + "b" * LONGEST
    short = cut(text)
    assert len(short) < LONGEST + 100 and short.startswith("aaa") and short.endswith("bbb")
    assert "[%d characters left out]" % LONGEST in short
    assert cut("short") == "short"

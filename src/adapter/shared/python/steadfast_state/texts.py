"""Texts in the forms in which they can be sent."""

LONGEST = 16384
"""How many characters of a text are sent."""


def clean(text):
    """Text that JSON can carry: what is not Unicode is escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def one_line(text):
    """An id on one line, whatever is in it."""
    text = clean(text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def cut(text, longest=LONGEST):
    """The beginning and the end of a long text."""
    text = clean(text)
    if len(text) <= longest:
        return text
    half = longest // 2
    return "%s\n[%d characters left out]\n%s" % (text[:half], len(text) - 2 * half, text[-half:])

"""Values of the suite's variables: compared without running its code, and shown in a few characters."""

import json
import re

LONGEST = 80
"""How many characters of a value are shown."""

SAME_DEPTH = 4
"""How deep two containers are compared before they count as different."""

SAME_LENGTH = 200
"""Containers with more entries count as different unless they are the same object."""

PLAIN = (str, bytes, int, float, complex, bool, type(None))
CONTAINERS = (list, tuple, dict, set, frozenset)
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+| id='\d+'")
"""What differs each time a value is shown."""
SECRET = re.compile(r"(?i)(key|token|secret|passw|credential|auth)")


def is_a(thing, kinds):
    """Whether a thing is of one of these kinds. Unlike `isinstance`, it never asks the thing itself: a lazy object would be
    made, and a proxy without a target would raise."""
    return issubclass(type(thing), kinds)


def is_same(one, other, depth=SAME_DEPTH):
    """Whether two values mean the same. Only values of built-in types are compared by content: anything else may do
    whatever it likes when it is compared."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in PLAIN:
        return one == other
    if kind not in CONTAINERS or depth == 0 or len(one) != len(other) or len(one) > SAME_LENGTH:
        return False
    if kind is dict:
        missing = object()
        return all(is_same(value, other.get(key, missing), depth - 1) for key, value in one.items() if is_plain(key)) and all(
            is_plain(key) for key in one
        )
    if kind in (set, frozenset):
        return all(is_plain(entry) for entry in one) and one == other
    return all(is_same(left, right, depth - 1) for left, right in zip(one, other))


def is_plain(key):
    return type(key) in PLAIN


def short(value, name=""):
    """A value in a few characters. What may be a secret, judged by its name, is not shown."""
    if is_a(value, str) and SECRET.search(name):
        return '"[secret]"'
    if type(value) is str:
        text = json.dumps(value[: LONGEST * 2], ensure_ascii=False)
    else:
        try:
            text = repr(value)
        except Exception as error:
            text = "<%s without a repr: %s>" % (type(value).__name__, type(error).__name__)
    text = ADDRESS.sub("", text)
    text = "".join(c if c.isprintable() else " " for c in text).encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def item(key):
    """A key as it stands in brackets."""
    return json.dumps(key, ensure_ascii=False) if type(key) is str else short(key)

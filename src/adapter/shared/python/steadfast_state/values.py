"""Values of the suite's variables: compared without running its code, and shown in a few characters."""

import json
import os.path
import re
from typing import Tuple

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


MOST_SHOWN = 3
"""So many of the entries in which two containers differ are shown."""

BEFORE_DIFFERENCE = 12
"""So many characters are shown of what two long texts have in common."""


def both(before, after, name=""):
    """Two values in a few characters each. Where they are long, what they have in common is left out."""
    texts: Tuple[str, ...] = (short(before, name), short(after, name))
    kind = type(before)
    if kind is not type(after) or not (texts[0] == texts[1] or any(len(text) == LONGEST for text in texts)):
        return texts
    if kind in (list, tuple):
        texts = of_lists(before, after)
    elif kind is dict:
        keys = [key for key in list(before) + [key for key in after if key not in before] if not has_same(before, after, key)]
        texts = tuple(of_dict(content, keys) for content in (before, after))
    elif kind in (set, frozenset):
        texts = tuple(of_set(one, one - other) for one, other in ((before, after), (after, before)))
    elif kind is str and not SECRET.search(name):
        shared = len(os.path.commonprefix((before, after))) - BEFORE_DIFFERENCE
        if shared > 0:
            texts = tuple('"...%s' % short(text[shared:])[1:] for text in (before, after))
    if texts[0] == texts[1]:
        # Two objects that are shown alike.
        return texts[0], "another %s" % texts[1]
    return texts


def of_lists(before, after):
    shortest = min(len(before), len(after))
    begin = next((at for at in range(shortest) if not is_same(before[at], after[at])), shortest)
    left = shortest - begin
    end = next((at for at in range(left) if not is_same(before[-1 - at], after[-1 - at])), left)
    told = []
    for entries in (before, after):
        middle = entries[begin : len(entries) - end]
        shown = [inside(entry) for entry in middle[:MOST_SHOWN]]
        rest = end + len(middle) - len(shown)
        told.append("[%s]" % ", ".join(more(begin) + shown + more(rest)))
    return tuple(told)


def of_dict(content, keys):
    shown = ["%s: %s" % (item(key), short(content[key], str(key))) for key in keys if key in content][:MOST_SHOWN]
    return "{%s}" % ", ".join(shown + more(len(content) - len(shown)))


def of_set(content, own):
    shown = sorted(inside(entry) for entry in own)[:MOST_SHOWN]
    return "{%s}" % ", ".join(shown + more(len(content) - len(shown)))


def inside(entry):
    """An entry as the text of its container has it."""
    return repr(entry) if type(entry) is str and len(entry) < LONGEST else short(entry)


def more(count):
    return ["... %d more" % count] if count > 0 else []


def has_same(before, after, key):
    return key in before and key in after and is_same(before[key], after[key])


def item(key):
    """A key as it stands in brackets."""
    return json.dumps(key, ensure_ascii=False) if type(key) is str else short(key)

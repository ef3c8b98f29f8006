"""Which code of the watched program runs."""

import functools
import os
import sys
import sysconfig
from typing import Any, Dict

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""Where the harness's own modules are."""

ROOT = os.path.join(os.getcwd(), "")
"""Where the watched program began: paths below it are told without it, since a round may run in a copy."""

LIBRARY = tuple(
    {
        os.path.realpath(path) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        for path in [sysconfig.get_paths().get(name)]
        if path
    }
)
FRAMES = 3
"""How many frames are told."""


OWN, OF_LIBRARY, OF_FRAMEWORK, OF_HARNESS = range(4)
"""Whose code a file is."""

KNOWN: Dict[str, int] = {}
"""By path. It is asked for each frame of a stack, so that even a cached call would cost too much."""


def place():
    """The innermost frames of the user's own code, else of whatever library: `file:line in function`."""
    return texts(frames(sys._getframe(1)))


def frames(frame: Any):
    """The same as paths, lines and names: most things that are made are never spoken of."""
    own: Any = []
    any_frame: Any = []
    while frame is not None and len(own) < FRAMES:
        code = frame.f_code
        path = code.co_filename
        whose = KNOWN.get(path)
        if whose is None:
            whose = KNOWN[path] = whose_is(path)
        if whose == OWN:
            own.append((path, frame.f_lineno, code.co_name))
        elif whose == OF_FRAMEWORK and own:
            # What called the test is not who made a thing in it.
            break
        elif whose != OF_HARNESS and len(any_frame) < FRAMES and not own:
            any_frame.append((path, frame.f_lineno, code.co_name))
        frame = frame.f_back
    return own or any_frame


def texts(found):
    return ["%s:%d in %s" % (inside(path), line, name) for path, line, name in found]


def inside(path):
    """The path as people read it: without the folder in which the program began."""
    return path[len(ROOT) :] if path.startswith(ROOT) else path


def whose_is(path):
    if path.startswith((HOME, "<")):
        return OF_HARNESS
    if not is_of_library(path):
        return OWN
    return OF_FRAMEWORK if os.sep + "_pytest" + os.sep in path else OF_LIBRARY


@functools.lru_cache(maxsize=4096)
def is_of_library(path):
    return os.path.realpath(path).startswith(LIBRARY)

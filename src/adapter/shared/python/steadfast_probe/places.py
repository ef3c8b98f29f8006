"""Which code of the watched program runs."""

import functools
import os
import sys
import sysconfig
from typing import Any

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""Where the harness's own modules are."""

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


def place():
    """The innermost frames of the user's own code, else of whatever library: `file:line in function`."""
    frame: Any = sys._getframe(1)
    own, any_frame = [], []
    while frame is not None and len(own) < FRAMES:
        code = frame.f_code
        path = code.co_filename
        if not path.startswith(HOME) and not path.startswith("<"):
            text = "%s:%d in %s" % (path, frame.f_lineno, code.co_name)
            if not is_of_library(path):
                own.append(text)
            elif len(any_frame) < FRAMES:
                any_frame.append(text)
        frame = frame.f_back
    return own or any_frame


@functools.lru_cache(maxsize=4096)
def is_of_library(path):
    return os.path.realpath(path).startswith(LIBRARY)

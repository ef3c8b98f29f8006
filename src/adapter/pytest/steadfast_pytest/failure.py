"""What a failure is: the kind of its exception, and the place in the user's code where it arose.

Assertion methods of unittest, mock and numpy raise in files of their own, so the last frame says nothing of the test.
The innermost frame of the project does.
"""

import linecache
import os
import sys
import traceback

from steadfast_state.texts import clean

FOREIGN = ("site-packages", "dist-packages", ".tox", ".nox", "node_modules")
"""Folders inside a project whose code is not the project's."""

DEEPEST = 8
"""How many causes of an exception are followed."""


def identity(error, root):
    """The exception's kind, and file, line and text of the place; empty where no frame is the project's."""
    told = {"exception": clean(type(leaf(error)).__name__)}
    for cause in causes(error):
        mine = [(frame, line) for frame, line in frames(cause) if is_mine(frame, root)]
        if mine:
            frame, line = mine[-1]
            path = os.path.abspath(frame.f_code.co_filename)
            source = linecache.getline(path, line).strip()
            told.update(file=clean(path), line=line, source=clean(source))
            break
    return told


def leaf(error):
    """The first exception of a group that is no group."""
    for _ in range(DEEPEST):
        inner = getattr(error, "exceptions", None)
        if not isinstance(inner, (tuple, list)) or not inner:
            break
        error = inner[0]
    return error


def causes(error):
    """An exception, then what it was raised from, outermost first."""
    error = leaf(error)
    for _ in range(DEEPEST):
        if error is None:
            return
        yield error
        hidden = getattr(error, "__suppress_context__", False)
        error = error.__cause__ or (None if hidden else error.__context__)


def frames(error):
    return list(traceback.walk_tb(error.__traceback__))


def is_mine(frame, root):
    """Whether a frame is of the project, and not hidden as pytest's and unittest's helpers are."""
    if "__unittest" in frame.f_globals or frame.f_locals.get("__tracebackhide__"):
        return False
    path = os.path.abspath(frame.f_code.co_filename)
    inside = os.path.relpath(path, root) if path.startswith(os.path.join(root, "")) else None
    if inside is None or any(part in FOREIGN for part in inside.split(os.sep)):
        return False
    prefix = os.path.join(sys.prefix, "")
    return os.path.join(root, "").startswith(prefix) or not path.startswith(prefix)


def fixture_of(error):
    """The fixture, as pytest defines it, whose tear-down raised it; `None` for anything else."""
    for cause in causes(error):
        for frame, _ in frames(cause):
            owner = frame.f_locals.get("self")
            if frame.f_code.co_name == "finish" and hasattr(owner, "argname") and hasattr(owner, "scope"):
                return owner
    return None

"""The first line at which two runs of a test part, with the values that decide there."""

import ast
import linecache
import os
import sys

from .owners import is_own_file
from .values import short

LONGEST = 20000
"""So many lines of a run are followed."""

MOST_NAMES = 4
"""So many values are told."""


class Path:
    """The lines of the project's code that a run executes, in order. At one of them, counted from 0, the values of the
    names in it are taken."""

    def __init__(self, stop_at=None):
        self.lines = []
        self.own = {}
        self.stop_at = stop_at
        self.values = {}

    def follow(self, frame, event, argument):
        path = frame.f_code.co_filename
        if path not in self.own:
            self.own[path] = not path.startswith("<") and is_own_file(os.path.abspath(path))
        return self.line if self.own[path] else None

    def line(self, frame, event, argument):
        if event == "line" and len(self.lines) < LONGEST:
            if len(self.lines) == self.stop_at:
                self.values = values(frame)
            self.lines.append([frame.f_code.co_filename, frame.f_lineno])
        return self.line


def followed(play, stop_at=None):
    """Plays, and returns the lines and the values."""
    path = Path(stop_at)
    sys.settrace(path.follow)
    try:
        play()
    finally:
        sys.settrace(None)
    return [path.lines, path.values]


def parting(one, other):
    """The place of the last line that two runs share before they part; None if one of them is the beginning of the other
    or they begin differently."""
    for place, (left, right) in enumerate(zip(one, other)):
        if left != right:
            return place - 1 if place > 0 else None
    return None


def values(frame):
    """What the names of a line stand for where it is about to run."""
    told = {}
    for name in names(linecache.getline(frame.f_code.co_filename, frame.f_lineno)):
        value = frame.f_locals.get(name, frame.f_globals.get(name, told))
        if value is not told and not callable(value) and type(value).__name__ != "module":
            told[name] = short(value, name)
    return told


def names(text):
    """The variables that a line reads."""
    text = text.strip()
    for whole in (text, text + "\n    pass", "if 1:\n    pass\n" + text + "\n    pass"):
        try:
            tree = ast.parse(whole)
        except SyntaxError:
            continue
        loads = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
        return list(dict.fromkeys(loads))
    return []


def sentence(line, as_it_is, without, start):
    """Where they part, in words without a full stop."""
    path, number = line
    relative = os.path.relpath(path, start)
    place = "%s:%d" % (path if relative.startswith("..") else relative, number)
    text = "after its polluter and without what that leaves, its paths part at %s: %s" % (
        place,
        linecache.getline(path, number).strip(),
    )
    differing = [name for name in as_it_is if name in without and as_it_is[name] != without[name]][:MOST_NAMES]
    if differing:
        text += ", where %s" % ", ".join("%s = %s (%s)" % (name, as_it_is[name], without[name]) for name in differing)
    return text

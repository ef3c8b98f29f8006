"""The first line at which two runs of a test part, with the values that decide there.

Lines of the project's own files are followed: by `sys.monitoring` where Python has it, which costs nothing for the code of
others, else by `sys.settrace`.
"""

import ast
import functools
import linecache
import os
import re
import sys
import threading
from typing import Any

from steadfast_state.owners import is_own_file
from steadfast_state.values import short

LONGEST = 20000
"""So many lines of a run are followed."""

MOST_NAMES = 4
"""So many values are told."""

DECIDES = re.compile(r"\b(if|elif|while|for|assert|return|with|match|and|or|not|await)\b|[=!<>]=|[<>]")
"""What a line has at which paths part; of other lines no values are taken."""


ADDRESS = re.compile(r"0x[0-9a-f]+")


MONITORING: Any = getattr(sys, "monitoring", None)
"""What Python 3.12 and newer follow lines with."""


class Path:
    """The lines of the project's code that one thread executes, in order, each with the values of what it reads if it is
    one at which paths part."""

    def __init__(self):
        self.lines = []
        self.own = {}
        self.thread = threading.get_ident()

    def is_own(self, path):
        if path not in self.own:
            self.own[path] = not path.startswith("<") and is_own_file(os.path.abspath(path))
        return self.own[path]

    def follow(self, frame, event, argument):
        return self.line if self.is_own(frame.f_code.co_filename) else None

    def line(self, frame, event, argument):
        if event == "line":
            self.enter(frame, frame.f_lineno)
        return self.line

    def monitored(self, code, number):
        if not self.is_own(code.co_filename):
            return MONITORING.DISABLE
        if threading.get_ident() == self.thread:
            self.enter(sys._getframe(1), number)
        return None

    def enter(self, frame, number):
        if len(self.lines) < LONGEST:
            path = frame.f_code.co_filename
            self.lines.append([path, number, values(frame, names_of(path, number))])


def followed(play):
    """Plays, and returns the lines: path, number, values."""
    path = Path()
    tool = free_tool()
    if tool is None:
        sys.settrace(path.follow)
        try:
            play()
        finally:
            sys.settrace(None)
        return path.lines
    MONITORING.use_tool_id(tool, "steadfast")
    MONITORING.register_callback(tool, MONITORING.events.LINE, path.monitored)
    MONITORING.set_events(tool, MONITORING.events.LINE)
    try:
        play()
    finally:
        MONITORING.set_events(tool, 0)
        MONITORING.register_callback(tool, MONITORING.events.LINE, None)
        MONITORING.free_tool_id(tool)
    return path.lines


def free_tool():
    """A number under which lines can be followed; None where there is none."""
    if MONITORING is None:
        return None
    return next((tool for tool in (3, 4) if MONITORING.get_tool(tool) is None), None)


def parting(one, other):
    """The place of the last line that two runs share before they part; None if one of them is the beginning of the other
    or they begin differently."""
    for place, (left, right) in enumerate(zip(one, other)):
        if left[:2] != right[:2]:
            return place - 1 if place > 0 else None
    return None


def values(frame, wanted):
    """What names stand for where a line is about to run."""
    told = {}
    for name in wanted:
        value = frame.f_locals.get(name, frame.f_globals.get(name, told))
        if value is not told and not callable(value) and type(value).__name__ != "module":
            told[name] = short(value, name)
    return told


@functools.lru_cache(maxsize=None)
def names_of(path, number):
    """The names that a line reads, if it is one at which paths part."""
    text = linecache.getline(path, number)
    return names(text) if DECIDES.search(text) else []


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


def difference(one, other, start, ways):
    """Where two runs part, in words without a full stop; `ways` are the words for the one and the other. Where both run the
    same lines, the first of these at which a value differs; None if there is no such line either."""
    place = parting(one, other)
    what = "its paths part at"
    if place is None:
        what = "it runs the same lines, and a value differs at"
        place = next((at for at, pair in enumerate(zip(one, other)) if pair[0][:2] == pair[1][:2] and differing(*pair)), None)
    if place is None:
        return None
    path, number, here = one[place]
    there = other[place][2]
    relative = os.path.relpath(path, start)
    at = "%s:%d" % (path if relative.startswith("..") else relative, number)
    text = "%s and %s, %s %s: %s" % (ways + (what, at, linecache.getline(path, number).strip()))
    names = differing(one[place], other[place])[:MOST_NAMES]
    if names:
        text += ", where %s" % ", ".join("%s = %s (%s)" % (name, here[name], there[name]) for name in names)
    return text


def differing(one, other):
    """The names whose values differ at a line that both runs come to; where objects are in memory makes no difference."""
    here, there = one[2], other[2]
    return [name for name in here if name in there and ADDRESS.sub("", here[name]) != ADDRESS.sub("", there[name])]

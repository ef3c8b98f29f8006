"""Where a test reads a part of the state: the last line of the project's code that it ran and that names the part."""

import linecache
import os
import re
import sys

from .owners import is_own_file

LONGEST = 20000
"""So many different lines are followed."""

NOT_READING = re.compile(r"^\s*((async def|def|class)\b.*:\s*(#.*)?$|(import|from|global|nonlocal)\b|@|#)")


class Lines:
    """The lines of the project's code that run, each with the place of its last run in the sequence."""

    def __init__(self):
        self.last = {}
        self.count = 0
        self.own = {}

    def follow(self, frame, event, argument):
        path = frame.f_code.co_filename
        if path not in self.own:
            self.own[path] = is_own_file(os.path.abspath(path)) and not path.startswith("<")
        return self.line if self.own[path] else None

    def line(self, frame, event, argument):
        if event == "line" and len(self.last) < LONGEST:
            self.count += 1
            self.last[(frame.f_code.co_filename, frame.f_lineno)] = self.count
        return self.line


def read_places(play, wanted, start):
    """Plays, and returns for each list of words the place of the line that reads it, relative to `start`; None where no
    line names it."""
    lines = Lines()
    sys.settrace(lines.follow)
    try:
        play()
    finally:
        sys.settrace(None)
    ran = sorted(lines.last, key=lines.last.__getitem__, reverse=True)
    return [place(ran, words, start) for words in wanted]


def place(ran, words, start):
    for word in words:
        for path, number in ran:
            text = linecache.getline(path, number)
            if re.search(word, text) and ("import" in word or not NOT_READING.search(text)):
                relative = os.path.relpath(path, start)
                return "%s:%d" % (path if relative.startswith("..") else relative, number)
    return None

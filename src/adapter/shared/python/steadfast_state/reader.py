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

    def places(self, wanted, start):
        """For each list of words the place of the last line that names one, relative to `start`; None where none does."""
        ran = sorted(self.last, key=self.last.__getitem__, reverse=True)
        return [place(ran, words, start) for words in wanted]


def read_places(play, wanted, start):
    """Plays, and returns for each list of words the place of the line that reads it, relative to `start`; None where no
    line names it."""
    lines = Lines()
    sys.settrace(lines.follow)
    try:
        play()
    finally:
        sys.settrace(None)
    return lines.places(wanted, start)


def place(ran, words, start):
    for word in words:
        for path, number in ran:
            text = linecache.getline(path, number)
            if re.search(word, text) and ("import" in word or not NOT_READING.search(text)):
                relative = os.path.relpath(path, start)
                return "%s:%d" % (path if relative.startswith("..") else relative, number)
    return None


OF_TIME = r"\b(localtime|now|mktime|strftime|timezone|tzname|fromtimestamp)\b"
"""What a line says that asks for the local time."""


def words(mark):
    """What a line says that reads the part, most telling first."""
    if mark.kind == "logging":
        return [
            r"\.(debug|info|warning|warn|error|exception|critical|log|isEnabledFor)\(",
            r"\bgetLogger\(|\.(handlers|propagate|level|disabled|filters)\b",
        ]
    if mark.kind == "file":
        name = re.escape(mark.name.rpartition("/")[2])
        return [name, r"\b(open|connect|Path|exists|is_file|listdir|glob|iterdir|read_text|read_bytes|stat)\("]
    if mark.kind == "directory":
        return [r"\b(getcwd|open|Path|exists|abspath|listdir)\("]
    if mark.name.startswith("parameter "):
        return [r"\b%s\b" % mark.name.split(" ")[1]]
    names = re.findall(r"[A-Za-z_]\w*", mark.name.replace("fixture ", "", 1))
    if mark.kind == "environment":
        return [r"\b%s\b" % names[-1], r"\b(environ|getenv)\b"] + ([OF_TIME] if names[-1] == "TZ" else [])
    if mark.kind == "time_zone":
        return [OF_TIME]
    if mark.kind == "path":
        found = r"\b(import_module|__import__|find_spec|iter_modules|walk_packages|run_module|entry_points|distribution)\("
        return [r"\bsys\.path\b", found, r"\bimport\b"]
    if mark.name == "sys.getrecursionlimit()":
        # Every call does.
        return [r"\bgetrecursionlimit\b", r"\w\("]
    if mark.name == "tempfile.tempdir":
        return [r"\b(tempfile|gettempdir|mkdtemp|mkstemp|NamedTemporaryFile|TemporaryDirectory)\b"]
    if mark.kind == "module":
        return [r"\bimport\b.*\b%s\b" % names[-1], r"\b%s\b" % names[-1]]
    if mark.kind == "loop_bound":
        # The fixture, or the variable and what of it is bound.
        kept = mark.name[len("fixture ") :].partition(" (")[0] if mark.name.startswith("fixture ") else mark.name
        parts = re.findall(r"[A-Za-z_]\w*", kept)
        return [r"\b%s\b" % name for name in (parts[:1] if kept != mark.name else parts[::-1])]
    if mark.kind == "random":
        return [r"\brandom\b"]
    return [r"\b%s\b" % name for name in reversed(names) if name not in ("cache_info", "currsize", "closure", "its", "of")]

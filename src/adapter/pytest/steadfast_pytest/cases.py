"""What pytest collected, and what it reports of each test."""

import linecache
import os
from typing import Any

from steadfast_state.texts import clean, cut

MOST_WRAPPERS = 8
"""How many functions around that of a test are looked into."""


class Case:
    """A test, or a file of the suite that has none because it does not import or is skipped as a whole."""

    def __init__(self, nodeid, path, line, marks=(), item=None, report=None):
        self.nodeid, self.path, self.line, self.marks = nodeid, path, line, marks
        self.item, self.report = item, report
        self.name = ""
        # A doctest's runner empties these after the first run.
        self.globals = dict(getattr(getattr(item, "dtest", None), "globs", {}))
        # What Hypothesis remembers of its first run; None before that.
        self.memories: Any = None

    def refresh(self):
        """Makes a test that can run once only ready to run again."""
        doctest = getattr(self.item, "dtest", None)
        if doctest is not None and not doctest.globs:
            doctest.globs.update(self.globals)
        if self.memories is None:
            self.memories = memories(self.item)
        for owner, name, value in self.memories:
            setattr(owner, name, value)

    @classmethod
    def of_item(cls, item):
        _, line, _ = item.location
        marks = sorted({mark.name for mark in item.iter_markers()})
        return cls(item.nodeid, str(getattr(item, "path", None) or item.fspath), (line or 0) + 1, marks, item=item)

    @classmethod
    def of_report(cls, report, root):
        name = report.nodeid.split("::")[0]
        return cls(report.nodeid or "(collection)", os.path.join(str(root), name), 1, report=report)


def memories(item):
    """Where Hypothesis keeps the object of which a method is run, as owner, name and value.

    It takes a run with another object for a mistake, and pytest makes a new object for each run of a test.
    """
    of_class = getattr(getattr(item, "parent", None), "obj", None)
    name: Any = getattr(item, "originalname", None) or getattr(item, "name", "")
    function = getattr(of_class, name, None)
    found = []
    for _ in range(MOST_WRAPPERS):
        names = getattr(getattr(function, "__code__", None), "co_freevars", ())
        cells = dict(zip(names, getattr(function, "__closure__", None) or ()))
        try:
            if "prev_self" in cells:
                found.append((cells["prev_self"], "cell_contents", cells["prev_self"].cell_contents))
            if "thread_local" in cells and hasattr(cells["thread_local"].cell_contents, "prev_self"):
                owner = cells["thread_local"].cell_contents
                found.append((owner, "prev_self", owner.prev_self))
            function = cells["f"].cell_contents if "f" in cells else getattr(function, "__wrapped__", None)
        except ValueError:
            # A cell that is empty.
            break
    return found


class Missing:
    """A test that other collections of the suite had, reported as skipped."""

    skipped = True
    longrepr = "pytest did not collect it this time"


MISSING = Case("", "", 1, report=Missing())


TRIED_AGAIN = "a plugin tries tests again when they fail, which is switched off for the run: of each its first attempt counts"

ELSEWHERE = "a plugin runs tests in processes of their own: what these leave in memory is not seen"


class Trial:
    """What pytest reports of one test, phase by phase."""

    def __init__(self):
        self.reports = []
        # The first attempt, if it failed; a plugin may try the test again until it passes.
        self.hidden: Any = None
        # What it failed with.
        self.error: Any = None
        self.is_tried_again = False
        # Whether it ran in this process.
        self.is_here = False

    def torn_down(self, when):
        """The fixture of several tests whose tear-down failed in that phase, if nothing else did."""
        failed = [report for report in self.reports if report.failed]
        if len(failed) != 1 or failed[0].when != when:
            return None
        fixture = getattr(failed[0], "fixture", None)
        return None if fixture is None or fixture.scope == "function" else fixture

    def before_teardown(self):
        """How the test itself ended, whatever its fixtures did afterwards."""
        trial = Trial()
        trial.reports = [report for report in self.reports if report.when != "teardown"]
        return trial.outcome()

    def outcome(self):
        """The worst of the phases; an expected failure passes. Of a test that was tried again the first attempt counts."""
        if self.is_tried_again and self.hidden is not None:
            return self.first_attempt()
        for report in self.reports:
            if report.failed:
                return dict(describe(report), outcome="failed" if report.when == "call" else "errored")
        if self.hidden is not None and any(self.is_better(report) for report in self.reports):
            self.is_tried_again = True
            return self.first_attempt()
        for report in self.reports:
            # A part of a test that is skipped does not skip the test, which has a report of its own.
            if report.skipped and not hasattr(report, "wasxfail") and not hasattr(report, "context"):
                return {"outcome": "skipped", "message": skip_reason(report)}
        if not any(report.when == "call" or report.skipped for report in self.reports):
            return {"outcome": "errored", "message": "pytest reported nothing of this test"}
        return {"outcome": "passed", "output": cut(captured(self.reports[-1]), OUTPUT_KEPT)}

    def is_better(self, report):
        """Whether a report says that the phase passed in which the first attempt failed."""
        return report.when == self.hidden.when and report.passed and not hasattr(report, "wasxfail")

    def first_attempt(self):
        return dict(describe(self.hidden), outcome="failed" if self.hidden.when == "call" else "errored")


def skip_reason(report):
    longrepr = report.longrepr
    reason = str(longrepr[2]) if isinstance(longrepr, tuple) and len(longrepr) == 3 else str(longrepr)
    return cut(reason[len("Skipped: ") :] if reason.startswith("Skipped: ") else reason)


OUTPUT_KEPT = 8192
"""How many characters are sent of what a test that passed wrote."""


def captured(report):
    """What pytest captured until the end of a phase, part by part under a heading."""
    return "\n".join("--- %s\n%s" % section for section in getattr(report, "sections", ()))


def describe(report):
    """Message, place and text of a failure."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(report.longrepr)
    told = {"details": cut("\n".join(part for part in (text, captured(report)) if part))}
    if crash is not None:
        source = linecache.getline(str(crash.path), int(crash.lineno)).strip()
        told.update(message=cut(str(crash.message)), file=clean(str(crash.path)), line=int(crash.lineno))
        told.update(source=clean(source))
    else:
        lines = [line for line in text.splitlines() if line.strip()]
        errors = [line[1:].strip() for line in lines if line.startswith("E ")]
        told["message"] = cut((errors or lines[-1:] or ["it failed and said nothing"])[0])
    told.update(getattr(report, "identity", {}))
    if getattr(report, "port", None):
        told["message"] = cut("%s (%s)" % (told["message"], report.port))
    when = getattr(report, "when", "collect")
    if when in ("setup", "teardown"):
        told["message"] = "%s: %s" % (when, told["message"])
    return told

"""What one test of a process leaves changed, where somebody asks for it: STEADFAST_WATCH names the test, and STEADFAST_RESTORE
lists, in JSON, the parts that are put back before the next test begins.

The packages that know what the state of a process is lie beside this file, and are loaded by then.
"""

import json
import os
import sys

from steadfast_state import loops, marks, reader

MOST = 60
"""So many marks are told."""


class Watcher:
    """Is told before each test, and once there are no more."""

    def __init__(self, results):
        self.results, self.watched = results, os.environ.pop("STEADFAST_WATCH")
        # A test may change the folder.
        self.start = os.getcwd()
        self.restored = json.loads(os.environ.pop("STEADFAST_RESTORE", "[]"))
        # The state before the watched test; while the tests after it run, what it left.
        self.before, self.left = None, None
        # The lines that ran since, where nothing is put back.
        self.lines = None

    def next(self, name):
        """A test begins: what the test before it had set up for its class alone is torn down."""
        if self.before is not None:
            self.settle()
        elif name == self.watched and self.left is None:
            self.before = marks.State()

    def settle(self):
        """What the watched test has left; parts of it are put back, and with none it is seen who reads them."""
        state, self.before = self.before, None
        self.left = [mark for mark in state.marks() if mark.undo is not None or mark.only_seen][:MOST]
        for mark in self.left:
            held = loops.below(mark)
            if held is not None:
                loops.become(mark, held)
        for mark in self.left:
            if mark.name in self.restored and mark.undo is not None:
                mark.undo()
        if not self.restored:
            self.lines = reader.Lines()
            sys.settrace(self.lines.follow)

    def end(self):
        """Tells what was left, and where it was read."""
        if self.before is not None:
            self.settle()
        sys.settrace(None)
        if self.left is None:
            return
        if self.lines is not None:
            places = self.lines.places([reader.words(mark) for mark in self.left], self.start)
            for mark, place in zip(self.left, places):
                mark.read_at = place
        self.results.tell(id=self.watched, marks=[dict(mark.told(), remedy=remedy(mark)) for mark in self.left])


def remedy(mark):
    """How the test can put it back, in the words of unittest."""
    if mark.kind == "environment":
        return "set it by mock.patch.dict(os.environ), which is undone at its end"
    if mark.kind == "patch":
        return "patch %s in a `with` block, or stop the patch: self.addCleanup(patcher.stop)" % mark.name
    if mark.kind == "loop_bound":
        return "make %s anew for each event loop, in asyncSetUp" % mark.name
    if mark.kind == "cache":
        return "clear it at its end: self.addCleanup(%s.cache_clear)" % mark.name.partition(".cache_info()")[0]
    return "put %s back at its end, by self.addCleanup" % mark.name

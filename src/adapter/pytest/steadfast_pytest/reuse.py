"""Whether what is bound to a closed event loop harms whoever uses it next: the test that bound it is tried once more."""

import mmap

from steadfast_probe.swallowed import swallowed

from .attempt import Attempt
from .walk import passes, run_rest

PATIENCE = 20.0
"""Seconds that a second try may take."""

SHORTEST = 5.0
"""Seconds that a second try may take at least."""

TIMES = 50.0
"""So many times longer than the test itself may a second try of it take."""

MOST_ENDLESS = 3
"""After so many second tries of a suite that did not end, nothing more is tried: forks have one thread, and lack those that a
library needs."""


class Endless:
    """How many second tries did not end, in this process and in all that are forked from it."""

    def __init__(self):
        self.count = mmap.mmap(-1, 1)

    def add(self):
        self.count[0] = min(self.count[0] + 1, MOST_ENDLESS)

    def is_enough(self):
        return self.count[0] >= MOST_ENDLESS


class Reuse:
    """The second use of what a test left bound, in forks of this process."""

    def __init__(self, plugin, place, marks, seconds, deadline):
        """`seconds` is what the test itself took."""
        self.plugin, self.place = plugin, place
        self.undoable = [mark for mark in marks if mark.undo is not None and mark.kind in ("variable", "event_loop")]
        self.patience = min(PATIENCE, deadline / 2, max(SHORTEST, TIMES * seconds))
        self.is_renewed = False
        self.is_endless = False

    def judge(self, told, candidates):
        """Adds to what is told how the second use ends. What is bound in the probe's own knowledge stays; of all else only
        what makes the second use fail is told as bound, and what passes is a note."""
        known = told.get("loop_bound", [])
        if not known and not candidates:
            return
        serials = [bound["serial"] for bound in known]
        if self.ends([], serials):
            for bound in known if self.is_renewed or self.is_put_to_use(serials) else ():
                bound["reuse"] = "passes"
            if not known:
                told.setdefault("notes", []).extend(kept(bound, PASSES) for bound in candidates)
            return
        if self.is_shown_to_fail():
            for bound in known:
                bound["reuse"] = "fails"
            if not known:
                told["loop_bound"] = [dict(bound, reuse="fails") for bound in candidates]
        elif self.is_endless and not known:
            told.setdefault("notes", []).extend(kept(bound, NOT_TRIED) for bound in candidates)

    def is_shown_to_fail(self):
        """Whether the second use, which did not pass, fails because of what was left: it may fail for another reason, or by
        chance. Without what was left it passes, each time."""
        if self.is_endless or not self.undoable:
            return False
        return self.ends(self.undoable) and not self.ends([]) and self.ends(self.undoable)

    def is_put_to_use(self, serials):
        """Whether the second use, which passes, runs code of what is bound, and leaves no more of it than there was."""
        told = self.tried(lambda: self.play([], serials, True))
        return told is not None and passes(told) and told["is_used"] and not told["grows"]

    def ends(self, undone, serials=()):
        """Whether the test passes once more, with these marks undone."""
        told = self.tried(lambda: self.play(undone, serials, False))
        self.is_renewed = told is not None and told["is_renewed"]
        return told is not None and passes(told)

    def tried(self, play):
        """What came of a try; None if it did not end."""
        if self.plugin.endless.is_enough():
            self.is_endless = True
            return None
        told = Attempt(play, self.patience).answer
        if told is None:
            self.is_endless = True
            self.plugin.endless.add()
        return told

    def play(self, undone, serials, is_followed):
        self.plugin.wire.owner = None
        self.plugin.gate.path = None
        for mark in undone:
            try:
                mark.undo()
            except Exception:
                swallowed("Mark.undo")
        if is_followed:
            return self.followed(serials)
        told = run_rest(self.plugin, [self.place], 0)
        # What is still there, open and bound, was not put to use: that it did no harm says nothing, unless its code ran.
        return dict(told, is_renewed=not self.plugin.probed("are_bound", serials))

    def followed(self, serials):
        """The test once more, with whether code of what is bound runs, and whether more of it is left."""
        before, uses = self.plugin.probed("count_bound"), self.plugin.probed("uses", serials)
        if uses is not None:
            uses.begin()
        told = run_rest(self.plugin, [self.place], 0)
        if uses is not None:
            uses.end()
        grows = (self.plugin.probed("count_bound") or 0) > (before or 0)
        return dict(told, grows=grows, is_used=uses is not None and uses.is_any())


PASSES = "a second use of it passes"
NOT_TRIED = (
    "whether a second use of it fails could not be tried: in a fork, which lacks the process's other threads, it does not end"
)


def kept(bound, how):
    """What is said of something that is kept and not shown to harm anybody."""
    made = ", made at %s" % bound["created"][0] if bound.get("created") else ""
    text = "%s%s is kept (%s) and belongs to an event loop that was closed: %s"
    return text % (bound["type"], made, bound["held_by"], how)

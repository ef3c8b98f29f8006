"""Whether what is bound to a closed event loop harms whoever uses it next: the test that bound it is tried once more."""

from steadfast_probe.swallowed import swallowed

from .attempt import Attempt
from .walk import passes, run_rest

PATIENCE = 20.0
"""Seconds that a second try may take."""


class Reuse:
    """The second use of what a test left bound, in forks of this process."""

    def __init__(self, plugin, place, marks, deadline):
        self.plugin, self.place = plugin, place
        self.undoable = [mark for mark in marks if mark.undo is not None and mark.kind in ("variable", "event_loop")]
        self.patience = min(PATIENCE, deadline / 2)
        self.is_renewed = False

    def judge(self, told, candidates):
        """Adds to what is told how the second use ends. What is bound in the probe's own knowledge stays; of all else only
        what makes the second use fail is told as bound, and what passes is a note."""
        known = told.get("loop_bound", [])
        if not known and not candidates:
            return
        serials = [bound["serial"] for bound in known]
        if self.ends([], serials):
            for bound in known if self.is_renewed else ():
                bound["reuse"] = "passes"
            if not known:
                told.setdefault("notes", []).extend(kept(bound) for bound in candidates)
            return
        # It may fail for another reason, or by chance: without what was left it passes, each time.
        if not self.undoable or not self.ends(self.undoable) or self.ends([]) or not self.ends(self.undoable):
            return
        for bound in known:
            bound["reuse"] = "fails"
        if not known:
            told["loop_bound"] = [dict(bound, reuse="fails") for bound in candidates]

    def ends(self, undone, serials=()):
        """Whether the test passes once more, with these marks undone."""
        told = Attempt(lambda: self.play(undone, serials), self.patience).answer
        self.is_renewed = told is not None and told["is_renewed"]
        return told is not None and passes(told)

    def play(self, undone, serials):
        self.plugin.wire.owner = None
        self.plugin.gate.path = None
        for mark in undone:
            try:
                mark.undo()
            except Exception:
                swallowed("Mark.undo")
        told = run_rest(self.plugin, [self.place], 0)
        # What is still there, open and bound, was not put to use: that it did no harm says nothing.
        return dict(told, is_renewed=not self.plugin.probed("are_bound", serials))


def kept(bound):
    return "%s is kept (%s) and belongs to an event loop that was closed: a second use of it passes" % (
        bound["type"],
        bound["held_by"],
    )

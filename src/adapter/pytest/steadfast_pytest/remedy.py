"""Which of the marks of a test decide how the test after it ends: each is undone between the two, and it is tried."""

import os

from steadfast_probe.swallowed import swallowed
from steadfast_state.reader import read_places, words

from .attempt import Attempt
from .bound import suspected, tell_of_loops
from .difference import difference, followed
from .real import Real
from .walk import passes, run_rest

MOST = 12
"""So many marks are tried one by one."""

LONGEST = 60.0
"""Seconds that all attempts together may take."""

SHARE = 0.8
"""How much of the time that is left one attempt may take: whoever reads a mark is looked for after one that did not end."""

LONGEST_FOLLOWED = 1.0
"""Seconds that following a test may take, where nobody asks for more."""


class Remedy:
    """The rest of an order is tried in forks of this process, after the test that was watched."""

    def __init__(self, plugin, state, order, position, request):
        self.plugin, self.state, self.order, self.position = plugin, state, order, position
        self.until = Real.monotonic() + min(LONGEST, request["deadline"] / 2)
        self.followed = request.get("follow") or LONGEST_FOLLOWED
        # What the last test fails with, as things are, and the holders of closed loops that are at work there.
        self.message, self.at_work = None, []
        # What tries share with this process.
        self.shared = []
        # Where the last test's paths with and without the marks part, in words.
        self.difference = None

    def try_each(self, marks):
        """Sets `decides` of each mark that was tried: whether the last test of the order ends otherwise without it."""
        if self.position + 1 >= len(self.order):
            return
        self.shared = [mark.put_back for mark in marks if mark.put_back is not None]
        as_it_is = self.ends([])
        if as_it_is is None:
            return
        undoable = [mark for mark in marks if mark.undo is not None]
        without_all = self.ends(undoable) if undoable else as_it_is
        deciding = []
        if without_all is None:
            # It does not end: what it needs, such as a thread of a library, is not in a fork.
            seen = self.suspects() if not as_it_is else []
            marks.extend(seen)
            self.find_readers(seen)
            return
        if without_all == as_it_is:
            for mark in undoable:
                mark.decides = False
        else:
            deciding = self.alone(undoable[:MOST], as_it_is) or self.together(undoable, as_it_is)
            for mark in deciding:
                mark.decides = True
        if not as_it_is:
            known = list(deciding)
            deciding = tell_of_loops(self, deciding, as_it_is) or self.suspects()
            marks.extend(mark for mark in deciding if mark not in known)
        self.find_readers(deciding + [mark for mark in marks if mark.only_seen and not deciding])
        self.find_difference([mark for mark in deciding if mark.decides])

    def suspects(self):
        """What is bound to a closed loop and was not shown to decide, where the failure speaks of a loop."""
        mark = suspected(self)
        return [] if mark is None else [mark]

    def alone(self, marks, as_it_is):
        """Those each of which decides by itself."""
        deciding = []
        for mark in marks:
            ended = self.ends([mark])
            if ended is None:
                break
            # What ends by chance seldom agrees twice with the mark.
            mark.decides = ended != as_it_is and self.ends([]) == as_it_is and self.ends([mark]) == ended
            if mark.decides:
                deciding.append(mark)
        return deciding

    def together(self, marks, as_it_is):
        """Those that decide only together: whatever is not needed is left out, one after another."""
        needed = list(marks)
        for mark in marks:
            fewer = [other for other in needed if other is not mark]
            ended = self.ends(fewer)
            if ended is None:
                break
            if ended != as_it_is:
                needed = fewer
                mark.decides = False
        return needed

    def ends(self, undone):
        """Whether the last test passes with these marks undone; None if that can't be told."""
        patience = self.until - Real.monotonic()
        if patience <= 0:
            return None
        told = self.tried(lambda: self.play(undone), patience * SHARE if undone else patience)
        if told is None or told["outcome"] == "skipped":
            return None
        if not undone:
            self.message, self.at_work = told.get("message"), told.get("at_work") or []
        return passes(told)

    def tried(self, play, patience):
        """What came of a try, in a fork that leaves no file otherwise."""
        answer = Attempt(play, patience).answer
        for put_back in self.shared:
            put_back()
        return answer

    def play(self, undone):
        # A file that the harness reads is written by the process of the round alone.
        self.plugin.wire.owner = None
        self.plugin.gate.path = None
        if any(mark.kind == "context" for mark in undone):
            return self.state.context.copy().run(self.undo_and_play, undone)
        return self.undo_and_play(undone)

    def undo_and_play(self, undone):
        for mark in undone:
            try:
                mark.undo()
            except Exception:
                swallowed("Mark.undo")
        told = run_rest(self.plugin, self.order, self.position + 1)
        error = getattr(self.plugin.played, "error", None)
        if not undone and error is not None:
            told["at_work"] = self.plugin.probed("holders_at_work", error)
        return told

    def find_readers(self, marks):
        """Where the last test reads what the marks speak of, as far as the lines that it runs tell."""
        patience = self.until - Real.monotonic()
        if not marks or patience <= 0:
            return
        wanted = [words(mark) for mark in marks]
        start = start_of(self.plugin)
        places = self.tried(lambda: read_places(lambda: self.play([]), wanted, start), patience)
        for mark, place in zip(marks, places or []):
            mark.read_at = place


    def find_difference(self, marks):
        """Follows the last test with the marks and without them, up to where its paths part."""
        patience = min(self.until - Real.monotonic(), self.followed)
        if not marks or patience <= 0:
            return
        begun = Real.monotonic()
        paths = []
        for undone in ([], marks):
            paths.append(self.tried(lambda: followed(lambda: self.play(undone)), patience))  # noqa: B023
            patience -= Real.monotonic() - begun
            if paths[-1] is None or patience <= 0:
                return
        ways = ("after its polluter", "without what that leaves")
        self.difference = difference(paths[0], paths[1], start_of(self.plugin), ways)


def start_of(plugin):
    return os.path.abspath(str(plugin.session.config.invocation_params.dir))

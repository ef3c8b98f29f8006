"""What a test leaves bound to an event loop that is closed, where the test after it fails: by whom it is kept, and whether
that is what makes the other fail.

A part of the state that decides, and through which a closed loop is held, is told as that. Where no part can be put back,
since a library's object changed within, its holders let go of what is bound, one step of the chain after another: once the
other test passes, that step was it.
"""

import re

from steadfast_state.loops import become, below
from steadfast_state.marks import Mark

OF_SCOPE = re.compile(r" \(\w+\)")
"""The scope in the name of a fixture that holds something."""

MOST = 3
"""So many holders are tried."""

MOST_CUTS = 10
"""So many steps of one holder's chain are tried."""

OF_LOOPS = re.compile(r"\b(event )?loops?\b", re.IGNORECASE)
"""What a failure says that comes from a loop."""


def tell_of_loops(remedy, deciding, as_it_is):
    """Turns deciding marks that hold a closed loop into marks of that; returns all that decide."""
    found = remedy.plugin.probed("holders_of_closed_loops") or []
    for mark in deciding:
        held = next((held for held, _ in found if is_part(mark, held)), None) or below(mark)
        if held is not None:
            become(mark, held)
    if deciding:
        return deciding
    for held, _ in found[:MOST]:
        mark = cut_off(remedy, held, as_it_is)
        if mark is not None:
            return [mark]
    return []


def is_part(mark, held):
    """Whether a mark is a part of the chain that holds a closed loop."""
    if mark.kind == "cache":
        return held.root == mark.name.partition(".cache_info()")[0]
    if mark.kind != "variable":
        return False
    parts = held.parts()
    return mark.name in parts or mark.name in [OF_SCOPE.sub("", part, count=1) for part in parts]


def suspected(remedy):
    """The holder of a closed loop, where the other test fails with words of a loop, and nothing could be tried: the one that
    is at work where it fails, or the only one there is."""
    if not OF_LOOPS.search(remedy.message or ""):
        return None
    found = [held for held, _ in remedy.plugin.probed("holders_of_closed_loops") or []]
    at_work = [held for held in found if held.root in remedy.at_work]
    chosen = at_work or found
    if len(chosen) != 1:
        return None
    mark = Mark("loop_bound", chosen[0].part(), None, None)
    become(mark, chosen[0])
    return mark


def cut_off(remedy, held, as_it_is):
    """A mark of the part that, taken from its holder, lets the other test end otherwise; None if no part does."""
    tries = [(held.root, held.forget)] if held.fixture is not None else []
    tries += list(held.cuts())[:MOST_CUTS]
    for name, undo in tries:
        mark = Mark("loop_bound", name, None, None, undo)
        ended = remedy.ends([mark])
        # What ends by chance seldom agrees twice with the cut.
        if ended not in (None, as_it_is) and remedy.ends([]) == as_it_is and remedy.ends([mark]) == ended:
            mark.decides = True
            become(mark, held)
            return mark
    return None

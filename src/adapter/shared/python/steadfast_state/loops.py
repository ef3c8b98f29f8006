"""Marks of what is bound to an event loop that is closed."""

import os

from steadfast_probe.dead_loops import holding_below
from steadfast_probe.swallowed import swallowed


def below(mark):
    """What the part holds that is bound to a closed loop, for parts that no variable's chain leads to; None if nothing is."""
    if mark.kind not in ("variable", "context") or mark.now is None:
        return None
    try:
        return holding_below(mark.now(), mark.name)
    except Exception:
        swallowed("below")
        return None


def become(mark, held):
    """Says of a mark what it holds."""
    told = held.told()
    if held.fixture is not None:
        mark.name = held.root
    elif mark.kind == "cache":
        mark.name = "%s (its cache)" % held.root
    mark.kind, mark.before = "loop_bound", None
    mark.chain = told["held_by"]
    mark.after = told["type"]
    for place in told["created"]:
        path, _, rest = place.partition(":")
        relative = os.path.relpath(path)
        mark.after += ", made at %s:%s" % (path if relative.startswith("..") else relative, rest.split(" ")[0])
        break

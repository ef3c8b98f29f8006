"""Compares the state of a process before and after a test: what a polluter changed and did not put back.

Loaded for a probe that asks for it, never in a counted round. Values are compared by identity and by a short form of
their content, one level deep, for the modules of the suite's own tree; everything else by name.
"""

import logging
import os
import sys
import sysconfig
import warnings
from typing import Any

MOST = 40
"""How many differences are told."""

PLAIN = (str, bytes, int, float, bool, type(None), tuple, frozenset)
CONTAINERS = (list, dict, set)
MISSING = object()


def short(value):
    """A value in a few characters; never the cause of a failure."""
    try:
        text = repr(value)
    except Exception as error:
        text = "<%s without a repr: %s>" % (type(value).__name__, type(error).__name__)
    return text if len(text) <= 80 else text[:77] + "..."


def content(value):
    """What tells whether a value has changed, though it is still the same object."""
    if isinstance(value, CONTAINERS):
        return (id(value), len(value), short(value) if len(value) <= 100 else None)
    if isinstance(value, PLAIN):
        return (type(value).__name__, value)
    return id(value)


def is_usual(policy):
    return policy is None or type(policy).__module__.startswith("asyncio.")


def own_modules(root):
    """The modules of the suite and of what it tests: below its root, and not of an installed package."""
    installed = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or name.startswith("_steadfast"):
            continue
        file = os.path.abspath(file)
        if file.startswith(root + os.sep) and not any(file.startswith(path + os.sep) for path in installed if path):
            yield name, module


def variables(owner):
    """The names that a module or class binds, with the values that are no code."""
    for name, value in list(vars(owner).items()):
        if not name.startswith("__") and not name.startswith("@py"):
            yield name, value


def snapshot(session):
    """The state now. Holds the values that it saw, so that no identity is used twice."""
    state: Any = {}
    kept: Any = []

    def see(key, value, told=None):
        kept.append(value)
        state[key] = (told if told is not None else content(value), short(value))

    for name, value in os.environ.items():
        if name != "PYTEST_CURRENT_TEST":
            see(("environment variable", name), value)
    try:
        see(("working directory", ""), os.getcwd())
    except OSError:
        see(("working directory", ""), "(gone)")
    see(("sys.path", ""), list(sys.path), told=tuple(map(str, sys.path)))
    see(("warnings filters", ""), list(warnings.filters), told=short(warnings.filters))
    see(("logging level", "root"), logging.root.level)
    handlers = [h for h in logging.root.handlers if not type(h).__module__.startswith("_pytest")]
    see(("logging handlers", "root"), handlers, told=tuple(map(id, handlers)))
    for name in ("stdin", "stdout", "stderr"):
        see(("sys." + name, ""), type(getattr(sys, name, None)).__name__)
    asyncio = sys.modules.get("asyncio.events")
    if asyncio is not None:
        policy = getattr(asyncio, "_event_loop_policy", None)
        # Asking for a loop makes the usual policy: that is no change.
        see(("event-loop policy", ""), policy, told="usual" if is_usual(policy) else id(policy))
    for name, module in list(sys.modules.items()):
        kept.append(module)
        state[("module", name)] = (id(module), "")
    for name, module in own_modules(str(session.config.rootpath)):
        for variable, value in variables(module):
            see(("variable", "%s.%s" % (name, variable)), value)
            if isinstance(value, type) and getattr(value, "__module__", None) == name:
                for attribute, inner in variables(value):
                    see(("attribute", "%s.%s.%s" % (name, variable, attribute)), inner)
    state["kept"] = kept
    return state


def compare(before, session):
    """What differs now, in sentences without a full stop, what tells most first."""
    after = snapshot(session)
    before.pop("kept")
    kept = after.pop("kept")
    told, loaded = [], []
    for key in list(before) + [key for key in after if key not in before]:
        kind, name = key
        old, new = before.get(key), after.get(key)
        if old is not None and new is not None and old[0] == new[0]:
            continue
        if kind == "module":
            if old is None:
                loaded.append(name)
            else:
                told.append("%s %s in sys.modules" % ("replaces" if new else "removes", name))
            continue
        if kind in ("variable", "attribute") and old is None and ("module", name.rsplit(".", 1)[0]) not in before:
            continue
        what = ("%s %s" % (kind, name)).strip()
        if old is None:
            told.append("sets %s to %s" % (what, new[1]))
        elif new is None:
            told.append("removes %s (was %s)" % (what, old[1]))
        else:
            told.append("changes %s from %s to %s" % (what, old[1], new[1]))
    del kept
    if loaded:
        shown = ", ".join(sorted(loaded)[:5]) + (", ..." if len(loaded) > 5 else "")
        told.append("loads %d module%s: %s" % (len(loaded), "" if len(loaded) == 1 else "s", shown))
    return told[:MOST] + (["and %d more" % (len(told) - MOST)] if len(told) > MOST else [])

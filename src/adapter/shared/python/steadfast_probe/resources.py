"""One watched object: what it is, where it came from, whether it is closed, and which event loop it belongs to."""

import sys
import weakref
from typing import Any

from .places import frames, texts
from .swallowed import swallowed

KINDS = ("event_loop", "transport", "client_session", "executor")
EXPLICIT = ("client_session", "executor", "event_loop")
"""Kinds that their user closes."""


class Resource:
    """One watched object: what it is, where it came from, and whether it is still there."""

    __slots__ = ("kind", "type", "frames", "case", "loop", "serial", "reference", "told")

    def __init__(self, kind, thing, case, serial):
        self.kind = kind
        self.type = type_name(thing)
        self.frames = frames(sys._getframe(1))
        self.case = case
        self.loop = None
        self.serial = serial
        self.told = False
        self.reference = weakref.ref(thing)

    def thing(self):
        return self.reference()

    @property
    def place(self):
        """Where it was made, innermost first: `file:line in function`."""
        return texts(self.frames)

    def description(self, holder=None):
        told = {"kind": self.kind, "type": self.type, "created": self.place, "case": self.case, "serial": self.serial}
        if holder:
            told["held_by"] = holder
        return told


def running_loop():
    asyncio: Any = sys.modules.get("asyncio")
    try:
        return weakref.ref(asyncio.get_running_loop()) if asyncio is not None else None
    except RuntimeError:
        # None runs.
        return None


def loop_of(resource, thing):
    """The loop a thing is bound to, if it says so itself or was made while one ran."""
    for name in ("_loop", "loop"):
        try:
            loop = object.__getattribute__(thing, name)
        except AttributeError:
            continue
        except Exception:
            swallowed("loop_of")
            continue
        if hasattr(loop, "is_closed"):
            return loop
    return resource.loop() if resource.loop is not None else None


def is_bound_to_dead_loop(resource, even_if_told=False):
    if (resource.told and not even_if_told) or resource.kind not in ("client_session", "transport"):
        return False
    thing = resource.thing()
    if thing is None or is_closed(resource.kind, thing):
        return False
    if resource.kind == "client_session" and not has_own_loop(thing):
        # A client that names no loop is bound to one only through the connections it holds.
        if not has_connections(thing) or resource.loop is None:
            return False
    loop = loop_of(resource, thing)
    try:
        return loop is not None and bool(loop.is_closed())
    except Exception:
        swallowed("is_bound_to_dead_loop")
        return False


def has_own_loop(thing):
    try:
        return hasattr(object.__getattribute__(thing, "_loop"), "is_closed")
    except AttributeError:
        return False


def has_connections(thing):
    try:
        return bool(thing._transport._pool.connections)
    except AttributeError:
        # Another kind of client, or another transport.
        return False


def is_closed(kind, thing):
    """Whether a thing was closed, asked in the words of its kind. What can't be told counts as closed: nobody is accused
    on a guess."""
    try:
        if kind == "client_session":
            closed = thing.closed if hasattr(type(thing), "closed") else thing.is_closed
            return bool(closed)
        if kind == "transport":
            # `_conn_lost` and `_closing` are set by close(), and what a dead loop never came to finish keeps its socket.
            if getattr(thing, "_sock", True) is None:
                return True
            return bool(thing.is_closing())
        if kind == "event_loop":
            return bool(thing.is_closed())
        if kind == "executor":
            return bool(getattr(thing, "_shutdown", False) or getattr(thing, "_shutdown_thread", False))
    except Exception:
        swallowed("is_closed")
        return True
    return True


def without_inner(resources):
    """A session explains its own transports: only the outermost is told where one holds the other."""
    sessions = [resource for resource in resources if resource.kind == "client_session"]
    if not sessions:
        return one_per_place(resources)
    loops = [id(loop_of(resource, resource.thing())) for resource in sessions if resource.thing() is not None]
    inner = [
        resource
        for resource in resources
        if resource.kind != "client_session"
        and (resource.thing() is None or id(loop_of(resource, resource.thing())) not in loops)
    ]
    return sessions + one_per_place(inner)


def one_per_place(resources):
    seen, kept = set(), []
    for resource in resources:
        key = (resource.type, tuple(resource.place))
        if key not in seen:
            seen.add(key)
            kept.append(resource)
    return kept


def loop_name(resource, thing):
    loop = loop_of(resource, thing)
    return "%s (closed)" % type_name(loop) if loop is not None else None


def type_name(thing):
    kind = type(thing)
    return "%s.%s" % (kind.__module__, kind.__qualname__)

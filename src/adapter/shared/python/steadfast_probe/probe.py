"""The ledger of one process: what it has open, and what was found to outlive its event loop."""

import gc
import os
import sys
import threading
from typing import Any

from .dead_loops import holdings
from .holders import holder
from .places import place, texts
from .resources import (
    EXPLICIT,
    KINDS,
    Resource,
    is_bound_to_dead_loop,
    is_closed,
    loop_name,
    running_loop,
    type_name,
    without_inner,
)
from .swallowed import SWALLOWED, swallowed
from .uses import Uses


class Real:
    """Functions that a test may replace and never put back: these stay what they were."""

    getpid, listdir = os.getpid, os.listdir


GENERATIONS = (1, 2)
"""What a case made and dropped is young as a rule: it goes with a collection that costs little."""

MOST_LOOPS = 3
"""So many closed event loops of a case are looked into."""


class Probe:
    """The ledger of one process."""

    def __init__(self):
        self.case = None
        self.resources = []
        self.serial = 0
        self.never_awaited = []
        self.pid = Real.getpid()
        self.lock = threading.RLock()

    def add(self, kind, thing):
        try:
            with self.lock:
                self.serial += 1
                resource = Resource(kind, thing, self.case, self.serial)
                resource.loop = running_loop() if kind in ("client_session", "executor") else None
                self.resources.append(resource)
        except Exception:
            # A watcher never breaks what it watches.
            swallowed("Probe.add")

    def used(self, thing):
        """The thing is used on the loop that runs now."""
        loop = running_loop()
        for resource in self.resources:
            if resource.thing() is thing:
                resource.loop = loop

    @staticmethod
    def place():
        """Which code of the watched program runs now, innermost first."""
        return place()

    def begin_case(self, name):
        if self.pid != Real.getpid():
            self.pid = Real.getpid()
            self.lock = threading.RLock()
        self.case = name

    def end_case(self):
        """What is open now, and what was found to outlive its loop since the last look."""
        found = dict({"loop_bound": [], "pending_tasks": [], "never_awaited": []}, **self.outlived())
        case, self.case = self.case, None
        new = [resource.description() for resource in self.open_since(case)]
        return dict(found, case=case, counts=self.counts(), new=new, swallowed=SWALLOWED.drain())

    def outlived(self):
        """What was found since the last look, without counts, which cost a look at /proc."""
        if not self.resources and not self.never_awaited:
            return {}
        found = {"loop_bound": self.loop_bound(), "pending_tasks": pending_on_dead_loops(self.resources)}
        found["never_awaited"], self.never_awaited = self.never_awaited, []
        return found

    def loop_bound(self):
        """What was found to outlive its loop since the last look."""
        if not self.resources:
            return []
        with self.lock:
            self.resources = [resource for resource in self.resources if resource.thing() is not None]
            suspects = [resource for resource in self.resources if is_bound_to_dead_loop(resource)]
        for generation in GENERATIONS:
            if suspects:
                gc.collect(generation)
                suspects = [resource for resource in suspects if is_bound_to_dead_loop(resource)]
        bound = []
        for resource in without_inner(suspects):
            thing = resource.thing()
            if thing is None:
                continue
            bound.append(dict(resource.description(holder(thing)), loop=loop_name(resource, thing)))
        for resource in suspects:
            resource.told = True
        return bound

    def are_bound(self, serials):
        """Whether one of these things is still open on a closed loop."""
        gc.collect()
        those = [resource for resource in self.resources if resource.serial in serials]
        return any(is_bound_to_dead_loop(resource, True) for resource in those)

    def count_bound(self):
        """How many things are open on a closed loop."""
        gc.collect()
        return sum(is_bound_to_dead_loop(resource, True) for resource in self.resources)

    def uses(self, serials):
        """Watches from its `begin` to its `end` for code of what is bound, of these things and of who holds them."""
        resources = [resource.thing() for resource in self.resources if resource.serial in serials]
        bound = [thing for thing in resources if thing is not None]
        for held, _ in self.holders_of_closed_loops():
            outermost = held.thing()
            steps = [thing for thing, _ in held.steps]
            bound += steps[next((place for place, thing in enumerate(steps) if thing is outermost), len(steps)) :]
        return Uses(bound)

    def kept_after_its_loop(self):
        """Whatever holds an event loop that was closed and that lives on for no other reason. It costs a look at all
        objects, and is for where somebody will try whether that harms."""
        return [dict(held.told(), loop="%s (closed)" % kind) for held, kind in self.holders_of_closed_loops()]

    def holders_of_closed_loops(self):
        """The same as pairs of a `Holding` and the type of its loop, the loops that were made last first. The pairs keep
        all that they name alive."""
        for generation in GENERATIONS:
            if not any(is_closed_loop(resource) for resource in self.resources):
                return []
            gc.collect(generation)
        found = {}
        closed = [resource for resource in self.resources if is_closed_loop(resource)]
        for resource in closed[-MOST_LOOPS:][::-1]:
            loop = resource.thing()
            for held in holdings(loop) if loop is not None else []:
                held.made = self.place_of(held.thing())
                found.setdefault(held.root, (held, type_name(loop)))
            del loop
        return list(found.values())

    def place_of(self, thing):
        """Where a thing was made that this ledger has; None of any other."""
        return next((resource.place for resource in self.resources if resource.thing() is thing), None)

    def at_fault(self, error):
        """What is bound to a closed event loop and was at work where an exception was raised: it stands in a variable of
        one of the frames that the exception passed. It failed as it was used, so nothing needs to be tried."""
        closed = [resource for resource in self.resources if is_closed_loop(resource)]
        at_work = locals_of(error) if closed else set()
        # A session that was told when its case ended is not told again.
        known = {id(resource.thing()) for resource in self.resources if resource.told and resource.kind != "event_loop"}
        told = []
        for resource in closed[-MOST_LOOPS:]:
            loop = resource.thing()
            found = holdings(loop) if loop is not None and at_work else []
            found = [held for held in found if not any(holds(thing, known) for thing, _ in held.steps)]
            mine = [held for held in found if any(id(thing) in at_work for thing, _ in held.steps)]
            if not mine and id(loop) in at_work and len(found) == 1:
                mine = found
            whose = "%s of %s (closed)" % (type_name(loop), resource.case or "an earlier case")
            told += [dict(held.told(), loop=whose, reuse="fails") for held in mine]
            del loop
        return told

    def holders_at_work(self, error):
        """The names of the variables whose chain down to a closed loop stands in the innermost frame of an exception that
        has one."""
        found = [held for held, _ in self.holders_of_closed_loops()]
        for known in locals_inwards(error)[::-1]:
            mine = [held.root for held in found if any(id(thing) in known for thing, _ in held.steps)]
            if mine:
                return mine
        return []

    def counts(self):
        counts = {"threads": threading.active_count()}
        for kind in KINDS:
            counts[kind] = 0
        for resource in self.resources:
            thing = resource.thing()
            if thing is not None and not is_closed(resource.kind, thing):
                counts[resource.kind] += 1
        for name, folder in (("fds", "/proc/self/fd"),):
            try:
                counts[name] = len(Real.listdir(folder)) - 1
            except OSError:
                # Not Linux: the kind is left out.
                continue
        running = children()
        if running is not None:
            counts["children"] = running
        return counts

    def open_since(self, case):
        """Explicitly closable things that the case created and left open."""
        return [
            resource
            for resource in self.resources
            if resource.case == case
            and case is not None
            and resource.kind in EXPLICIT
            and resource.thing() is not None
            and not is_closed(resource.kind, resource.thing())
        ]


def threads_left(probe, known):
    """Threads alive now that are not in `known`, with where they were started."""
    left = []
    for thread in threading.enumerate():
        if thread not in known:
            case, created = getattr(thread, "_steadfast_created", (None, []))
            left.append({"kind": "thread", "type": thread.name, "created": texts(created), "case": case})
    return left


def is_closed_loop(resource):
    loop = resource.thing() if resource.kind == "event_loop" else None
    return loop is not None and is_closed("event_loop", loop)


def pending_on_dead_loops(resources):
    """Tasks that were pending when their loop was closed: nothing will ever end them."""
    told = []
    asyncio: Any = sys.modules.get("asyncio")
    for resource in resources if asyncio is not None else []:
        if resource.kind != "event_loop" or resource.told:
            continue
        loop = resource.thing()
        try:
            if loop is None or not loop.is_closed():
                continue
            resource.told = True
            for task in asyncio.all_tasks(loop):
                coroutine = task.get_coro()
                lost = {"task": task.get_name(), "coroutine": getattr(coroutine, "__qualname__", "?")}
                code = getattr(coroutine, "cr_code", None)
                if code is not None:
                    lost["defined"] = "%s:%d" % (code.co_filename, code.co_firstlineno)
                told.append(lost)
        except Exception:
            swallowed("pending_on_dead_loops")
    return told


def holds(thing, known):
    """Whether a thing is one of these, or has one of them as an attribute."""
    children = gc.get_referents(thing)
    inner = [value for child in children if isinstance(child, dict) for value in child.values()]
    return id(thing) in known or any(id(child) in known for child in children + inner)


def locals_of(error):
    """The identities of what stands in local variables of the frames of an exception and of its causes."""
    return {known for frame in locals_inwards(error) for known in frame}


def locals_inwards(error):
    """The same frame by frame, the innermost of the first cause last."""
    found, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        step = error.__traceback__
        while step is not None:
            found.append({id(value) for value in step.tb_frame.f_locals.values()})
            step = step.tb_next
        error = error.__cause__ or error.__context__
    return found


def children():
    children = 0
    try:
        for task in Real.listdir("/proc/self/task"):
            with open("/proc/self/task/%s/children" % task) as listed:
                children += len(listed.read().split())
    except OSError:
        return None
    return children

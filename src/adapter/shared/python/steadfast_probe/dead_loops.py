"""What is bound to an event loop that was closed, by what it is and not by its name.

From the closed loop the walk goes up to whoever refers to it, through futures, tasks, transports, handles and whatever
holds these, to a variable of a module, a class or a closure, or to the cache of a fixture. References of pytest's and
asyncio's own, frames, and things that are closed or done end the walk: these use the loop no more.
"""

import collections
import functools
import gc
import sys
import types

from .holders import attribute_holding, key_of
from .made import made_at
from .places import is_of_library
from .swallowed import swallowed

DEEPEST = 24
"""So many steps up from the loop."""

DEEPEST_BELOW = 5
"""So many steps down to a loop."""

CACHE = type(functools.lru_cache(maxsize=1)(lambda: None))
CONTAINERS = (dict, list, tuple, set, types.CellType, types.FunctionType, CACHE)

WIDEST = 4000
"""So many objects of one step are followed."""

HARNESS = (
    "_pytest",
    "pluggy",
    "pytest_asyncio",
    "pytest",
    "anyio.pytest_plugin",
    "steadfast_",
    "asyncio.",
    "concurrent.futures",
)
"""Modules and classes whose references to a loop are their business."""

SKIPPED = (types.FrameType, types.TracebackType, types.ModuleType)


class Holding:
    """Who holds a closed loop: the chain from a variable down to it."""

    def __init__(self, root, steps, fixture=None):
        """`root` names the variable; `steps` are pairs of an object and the name of what it holds, outermost first;
        `fixture` is pytest's definition of the fixture whose value it is."""
        self.root, self.steps, self.fixture = root, steps, fixture
        # Where the thing was made, if that was seen.
        self.made = None

    def thing(self):
        """What is bound: the outermost object that is not the project's own and no container."""
        for thing, _ in self.steps:
            if not isinstance(thing, CONTAINERS) and not is_own(type(thing)):
                return thing
        return self.steps[-1][0] if self.steps else None

    def told(self):
        """As the probe tells of what is bound."""
        thing = self.thing()
        kind = type(thing)
        return {
            "kind": kind.__name__.lower(),
            "type": type_name(kind),
            "created": self.made or made_at(self.root, self.steps, thing),
            "held_by": self.chain(),
        }

    def chain(self):
        return "%s%s -> closed loop" % (self.root, "".join(name for _, name in self.steps))

    def parts(self):
        """The names along the chain, from the variable down: the first is the variable itself."""
        names = [self.root]
        for _, name in self.steps:
            names.append(names[-1] + name)
        return names

    def part(self):
        """The name of the part that is the thing itself."""
        thing = self.thing()
        place = next((place for place, (one, _) in enumerate(self.steps) if one is thing), 0)
        return self.parts()[place]

    def forget(self):
        """Lets the fixture be made anew by its next user, without a tear-down: it may need what is closed."""
        self.fixture.cached_result = None
        # Where a tear-down is still ahead, pytest 9 makes no fixture.
        ahead = getattr(self.fixture, "_finalizers", None)
        if ahead:
            ahead.clear()

    def cuts(self):
        """Pairs of a part of the chain and a function that takes it from whoever holds it, outermost first."""
        names = self.parts()
        below = [thing for thing, _ in self.steps[1:]]
        for name, (holder, step), thing in zip(names[1:], self.steps, below):
            yield name, functools.partial(cut, holder, step, thing)


def cut(holder, step, thing):
    """Takes a thing from its holder, as if it had never come there."""
    if isinstance(holder, dict):
        for key in [key for key, value in list(holder.items()) if value is thing]:
            del holder[key]
    elif isinstance(holder, set):
        holder.discard(thing)
    elif isinstance(holder, (list, collections.deque)):
        kept = [one for one in holder if one is not thing]
        holder.clear()
        holder.extend(kept)
    elif step.startswith("."):
        object.__setattr__(holder, step[1:], None)
    else:
        raise TypeError("a %s lets go of nothing" % type(holder).__name__)


def holdings(loop):
    """All variables that hold a closed loop, each with one chain down to it."""
    found = {}
    for held in holdings_of(loop, DEEPEST, is_past):
        found.setdefault(held.root, held)
    return list(found.values())


def holdings_of(thing, deepest, is_passed_over, ignored=()):
    """The variables that hold a thing, those that are nearest first, each with a chain down to it.

    `is_passed_over` says of an object whether what it refers to is of no interest; `ignored` are objects of the caller
    that hold the thing themselves.
    """
    loaded = list(sys.modules.items())
    modules = {id(vars(module)): name for name, module in loaded if isinstance(module, types.ModuleType)}
    below = {id(thing): None}
    kept = [thing]
    frontier = [thing]
    for _ in range(deepest):
        if not frontier or len(frontier) > WIDEST:
            return
        wanted = {id(one): one for one in frontier}
        reached = []
        for referrer in gc.get_referrers(*frontier):
            if id(referrer) in below or any(referrer is own for own in (frontier, kept, reached, wanted, ignored)):
                continue
            if isinstance(referrer, SKIPPED) or is_passed_over(referrer):
                continue
            child = next((one for one in gc.get_referents(referrer) if id(one) in wanted), None)
            if child is None or child is not wanted[id(child)]:
                continue
            below[id(referrer)] = child
            kept.append(referrer)
            held = at_root(referrer, child, below, modules)
            if held is None:
                reached.append(referrer)
            elif held is not OF_NOBODY:
                yield held
        frontier = reached


OF_NOBODY = object()
"""Where a walk ends at a variable that is of no interest."""


def at_root(referrer, child, below, modules):
    """What is held by a variable of a module or a class, or by a fixture; None if the referrer is none of these."""
    name = modules.get(id(referrer))
    if name is not None:
        if name.startswith(HARNESS) or is_standard_module(name):
            return OF_NOBODY
        root = "%s.%s" % (name, key_of(referrer, child))
        return chain_of(root, child, below)
    if isinstance(referrer, type):
        if referrer.__module__.startswith(HARNESS):
            return OF_NOBODY
        # What refers to it is the dictionary of its attributes.
        inner = below.get(id(child)) if isinstance(child, dict) else None
        held = child if inner is None else inner
        return chain_of("%s.%s" % (type_name(referrer), key_of(vars(referrer), held)), held, below)
    if type(referrer).__name__ == "FixtureDef":
        root = "fixture %s (%s)" % (getattr(referrer, "argname", "?"), getattr(referrer, "scope", "?"))
        # What it keeps is a pair of the value and what it was asked for with.
        value = below.get(id(child)) if isinstance(child, tuple) else None
        return chain_of(root, child if value is None else value, below, referrer)
    return None


def holding_below(thing, root):
    """From a thing down to a closed loop: a `Holding` with `root` as the variable's name; None if there is none near."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    loaded = list(sys.modules.values())
    seen = {id(vars(module)) for module in loaded if isinstance(module, types.ModuleType)} | {id(thing)}
    above, frontier = {}, [thing]
    for _ in range(DEEPEST_BELOW):
        reached = []
        for one in frontier:
            for child in gc.get_referents(one):
                if id(child) in seen or isinstance(child, SKIPPED + (type,)):
                    continue
                seen.add(id(child))
                above[id(child)] = one
                if isinstance(child, asyncio.AbstractEventLoop) and child.is_closed():
                    return descent(thing, child, above, root)
                reached.append(child)
        frontier = reached if len(reached) <= WIDEST else []
    return None


def descent(thing, loop, above, root):
    below, one = {id(loop): None}, loop
    while one is not thing:
        below[id(above[id(one)])] = one
        one = above[id(one)]
    return chain_of(root, thing, below)


def chain_of(root, thing, below, fixture=None):
    """From below a root down to the loop, without dictionaries that are an object's attributes."""
    steps = []
    while thing is not None:
        child = below.get(id(thing))
        if child is None:
            break
        inner = below.get(id(child))
        if isinstance(child, dict) and inner is not None:
            if is_namespace_of(thing, child):
                steps.append((thing, ".%s" % key_of(child, inner)))
                thing = inner
                continue
            if isinstance(thing, CACHE):
                steps.append((thing, " (its cache)"))
                thing = inner
                continue
        if isinstance(thing, types.FunctionType) and isinstance(child, tuple) and isinstance(inner, types.CellType):
            place = next((index for index, cell in enumerate(child) if cell is inner), 0)
            steps.append((thing, " (variable %s of its closure)" % thing.__code__.co_freevars[place]))
            thing = below.get(id(inner))
            continue
        steps.append((thing, step_name(thing, child)))
        thing = child
    return Holding(root, steps, fixture)


def is_namespace_of(thing, namespace):
    try:
        return object.__getattribute__(thing, "__dict__") is namespace
    except AttributeError:
        return False


def step_name(thing, child):
    if isinstance(thing, dict):
        key = key_of(thing, child)
        return "[%r]" % (key,) if isinstance(key, (str, int)) else "[...]"
    if isinstance(thing, (list, tuple)):
        return "[%d]" % next((index for index, one in enumerate(thing) if one is child), -1)
    if isinstance(thing, types.CellType):
        return " (its closure)"
    name = attribute_holding(thing, child)
    return ".%s" % name if name is not None else " -> %s" % type(child).__name__


def is_harness(thing):
    """Whether a thing is the harness's own bookkeeping."""
    module = type(thing).__module__
    if not isinstance(module, str):
        return True
    return module.startswith(("_pytest", "pluggy", "pytest_asyncio", "steadfast_")) and type(thing).__name__ != "FixtureDef"


def is_past(thing):
    """Whether a thing is done or closed, or the harness's or asyncio's own bookkeeping: it uses the loop no more."""
    kind = type(thing)
    module = kind.__module__
    if is_harness(thing):
        return True
    if module.startswith("asyncio.") and ("Policy" in kind.__name__ or kind.__name__ in ("_Local", "Runner", "TaskGroup")):
        return True
    for name in ("done", "is_closing", "is_closed", "closed", "_closed"):
        try:
            value = getattr(kind, name, None)
            if value is None:
                value = object.__getattribute__(thing, name) if not isinstance(thing, (dict, list, tuple, set)) else None
            elif isinstance(value, property) or type(value).__name__ in ("getset_descriptor", "reify", "cached_property"):
                value = getattr(thing, name)
            elif callable(value):
                value = value(thing) if is_trusted(module) else None
        except AttributeError:
            continue
        except Exception:
            swallowed("is_past")
            continue
        if value is True:
            return True
    return False


def is_trusted(module):
    """Whose methods that ask for a state may be called: the project's own may do anything."""
    owner = sys.modules.get(module.split(".")[0])
    file = getattr(owner, "__file__", None)
    return not isinstance(file, str) or is_of_library(file)


def is_own(kind):
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and not is_of_library(file)


def is_standard_module(name):
    few = ("asyncio", "threading", "signal", "weakref", "functools")
    return name.split(".")[0] in getattr(sys, "stdlib_module_names", few)


def type_name(kind):
    return "%s.%s" % (kind.__module__, kind.__qualname__)

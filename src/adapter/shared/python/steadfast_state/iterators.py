"""Iterators that a module keeps: a generator, a counter, an iterator of a list. Each is used up as it is read."""

import copy
import gc
import inspect
import itertools
import sys
import types

from steadfast_probe.swallowed import swallowed

from .values import is_a, short

ITERATED = tuple(
    type(iter(thing)) for thing in ([], (), "", b"", bytearray(), {}, {}.values(), {}.items(), set(), range(0), range(1 << 70))
) + (type(reversed([])), type(reversed({})), itertools.repeat)
"""Those that can be copied, and say how much is left."""

AROUND = (map, filter, zip, enumerate, itertools.chain, itertools.islice, itertools.takewhile, itertools.dropwhile)
"""Those that take from others."""

KINDS = ITERATED + AROUND + (itertools.count, itertools.cycle, types.GeneratorType)


def state(thing):
    """How far an iterator has come, in words that change with each step."""
    if is_a(thing, types.GeneratorType):
        return of_generator(thing)
    if is_a(thing, ITERATED):
        return left(thing)
    if is_a(thing, itertools.count):
        return repr(thing)
    inner = [one for one in gc.get_referents(thing) if one is not thing and is_a(one, KINDS)]
    if is_a(thing, itertools.cycle) and not inner:
        # It goes round, and its place can't be seen.
        return "a cycle"
    return ", ".join(state(one) for one in inner) or "%s, used up" % type(thing).__name__


def left(thing):
    count = thing.__length_hint__()
    return "%s with %d left" % (type(thing).__name__, count) if count else "%s, used up" % type(thing).__name__


def of_generator(thing):
    frame = thing.gi_frame
    if frame is None:
        return "a generator, used up"
    if inspect.getgeneratorstate(thing) == inspect.GEN_CREATED:
        return "a generator that has not begun"
    local = ["%s = %s" % (name, short(value, name)) for name, value in frame.f_locals.items() if name != ".0"]
    inner = [state(one) for one in frame.f_locals.values() if one is not thing and is_a(one, ITERATED)]
    details = ", ".join((local + inner)[:3])
    return "a generator at line %d%s" % (frame.f_lineno, " (%s)" % details if details else "")


def fresh(thing):
    """A function that makes an iterator which goes on where this one stands; None where nothing can."""
    try:
        if is_a(thing, itertools.count):
            return again(thing)
        if is_a(thing, ITERATED):
            kept = copy.copy(thing)
            return lambda: copy.copy(kept)
        return maker(thing) if is_a(thing, types.GeneratorType) else None
    except Exception:
        swallowed("fresh")
        return None


def again(counter):
    arguments = [int(number) for number in repr(counter)[len("count(") : -1].split(",")]
    return lambda: itertools.count(*arguments)


def maker(generator):
    """The function of a module that made it, if it takes nothing and the generator has not begun."""
    frame = generator.gi_frame
    if frame is None or state(generator) != "a generator that has not begun" or frame.f_code.co_argcount:
        return None
    function = vars(sys.modules.get(frame.f_globals.get("__name__", ""), types)).get(frame.f_code.co_name)
    return function if getattr(function, "__code__", None) is frame.f_code else None


def put_in_place(thing, other):
    """Puts another thing in the place of one in each variable, attribute, list and closure that holds it."""
    # By identity, since a comprehension would make the thing a variable of a closure: one more holder.
    wanted = id(thing)
    for holder in gc.get_referrers(thing):
        if is_a(holder, types.CellType):
            holder.cell_contents = other
            continue
        if is_a(holder, list):
            holder[:] = [other if id(one) == wanted else one for one in holder]
            continue
        content = holder if type(holder) is dict else getattr(holder, "__dict__", None)
        if type(content) is dict:
            for key in [key for key, value in content.items() if id(value) == wanted]:
                content[key] = other

"""State of the process that no module of the suite holds: environment, logging, locale, generators, event loops."""

import contextvars
import gc
import locale
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import time
import types
import warnings
from typing import Any, Callable, Dict, List, Tuple

from steadfast_probe.swallowed import swallowed

from .values import is_a, item, short

MISSING = object()


class Setting:
    """A part of the state with its value: what it is compared by, how it is shown, and how a value is put back."""

    __slots__ = ("token", "value", "shown", "restore", "usual")

    def __init__(self, token: Any, value: Any, shown: Any, restore: "Callable[[Any], Any] | None" = None, usual=None):
        """`shown` is a text, or a list of which that is shown which differs; `usual` what is shown of the part where it
        is not among the settings."""
        self.token, self.value, self.shown, self.restore, self.usual = token, value, shown, restore, usual


Settings = Dict[Tuple[str, str], Setting]


def read():
    """All settings now, by kind and name."""
    found: Settings = {}
    for reader in READERS:
        try:
            found.update(reader())
        except Exception:
            swallowed("settings.%s" % reader.__name__)
    return found


def environment():
    def restore(name):
        return lambda value: os.environ.pop(name, None) if value is MISSING else os.environ.__setitem__(name, value)

    return {
        ("environment", "os.environ[%s]" % item(name)): Setting(value, value, short(value, name), restore(name))
        for name, value in os.environ.items()
        if name != "PYTEST_CURRENT_TEST"
    }


def places():
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        folder = None
    path = list(sys.path)
    yield ("directory", "os.getcwd()"), Setting(folder, folder, short(folder), os.chdir if folder is not None else None)
    yield ("path", "sys.path"), Setting(tuple(map(str, path)), path, path, lambda value: replace(sys.path, value))


def replace(target, value):
    target[:] = value


def warning_filters():
    filters = list(warnings.filters)

    def restore(value):
        warnings.filters[:] = value  # type: ignore[index]
        mutated = getattr(warnings, "_filters_mutated", None)
        if mutated is not None:
            mutated()

    yield ("warnings", "warnings.filters"), Setting(tuple(map(repr, filters)), filters, filters, restore)


def loggers():
    manager = logging.root.manager
    yield (
        ("logging", "logging.root.manager.disable"),
        Setting(manager.disable, manager.disable, short(manager.disable), attribute(manager, "disable", 0)),
    )
    named: List[Tuple[str, logging.Logger]] = [("logging.getLogger()", logging.root)]
    named += [
        ("logging.getLogger(%s)" % item(name), logger)
        for name, logger in list(manager.loggerDict.items())
        if isinstance(logger, logging.Logger)
    ]
    for name, logger in named:
        for field, usual in (("level", 0), ("disabled", False), ("propagate", True)):
            value = getattr(logger, field, usual)
            if value != usual or logger is logging.root:
                restore = attribute(logger, field, usual)
                yield ("logging", "%s.%s" % (name, field)), Setting(value, value, short(value), restore, short(usual))
        for field in ("handlers", "filters"):
            entries = list(getattr(logger, field, ()))
            own = [entry for entry in entries if not type(entry).__module__.startswith("_pytest")]
            if own:
                token = tuple(map(id, own))
                yield ("logging", "%s.%s" % (name, field)), Setting(token, entries, own, attribute(logger, field, []), "[]")


def attribute(owner, field, usual):
    def restore(value):
        setattr(owner, field, usual if value is MISSING else value)
        # Loggers remember what they are enabled for.
        getattr(logging.root.manager, "_clear_cache", lambda: None)()

    return restore


def places_and_times():
    name = locale.setlocale(locale.LC_ALL)
    yield ("locale", "locale.setlocale(locale.LC_ALL)"), Setting(
        name, name, short(name), lambda value: locale.setlocale(locale.LC_ALL, value)
    )
    zone = (time.tzname, time.timezone)
    yield ("time_zone", "time.tzname"), Setting(zone, zone, short(time.tzname), lambda _: time.tzset())


def generators():
    state = random.getstate()
    yield ("random", "random.getstate()"), Setting(state, state, "a state", random.setstate)
    numpy = sys.modules.get("numpy")
    if hasattr(numpy, "random"):
        module: Any = numpy
        state = module.random.get_state()
        token = (state[0], state[1].tobytes(), state[2])
        yield ("random", "numpy.random.get_state()"), Setting(token, state, "a state", module.random.set_state)


def contexts():
    """Context variables; the whole context is put back by running in a copy of it."""
    for variable, value in contextvars.copy_context().items():
        if variable.name == "decimal_context":
            continue
        yield ("context", variable.name), Setting(
            id(value), value, short(value, variable.name), lambda _: None
        )
    decimal: Any = sys.modules.get("decimal")
    if decimal is not None:
        context = decimal.getcontext().copy()
        # Its flags are what was seen, not how it works.
        told = [getattr(context, name) for name in ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")]
        told.append(sorted(trap.__name__ for trap, is_set in context.traps.items() if is_set))
        yield ("context", "decimal.getcontext()"), Setting(
            repr(told), context, "prec=%d, rounding=%s" % (context.prec, context.rounding), decimal.setcontext
        )


def event_loops():
    events: Any = sys.modules.get("asyncio.events")
    if events is None:
        return
    policy = getattr(events, "_event_loop_policy", None)
    usual = policy is None or type(policy).__module__.startswith("asyncio.")
    # To ask for a loop makes the usual policy: that is no change.
    yield ("event_loop", "asyncio.get_event_loop_policy()"), Setting(
        "usual" if usual else id(policy),
        policy,
        "the usual" if usual else short(policy),
        lambda value: setattr(events, "_event_loop_policy", None if value is MISSING else value),
    )
    local: Any = getattr(policy, "_local", None)
    loop, is_set = getattr(local, "_loop", None), getattr(local, "_set_called", False)
    if loop is not None:
        told = "closed" if loop.is_closed() else "open"
    else:
        told = "None" if is_set else "not set"

    def restore(value):
        now: Any = getattr(getattr(events, "_event_loop_policy", None), "_local", None)
        if now is not None:
            now._loop, now._set_called = value

    yield ("event_loop", "asyncio.get_event_loop()"), Setting(
        told, (loop, is_set), {"open": "an open loop", "closed": "a closed loop"}.get(told, told), restore
    )


def process():
    def one(name, value, restore):
        return ("process", name), Setting(value, value, short(value), restore)

    yield one("sys.getrecursionlimit()", sys.getrecursionlimit(), sys.setrecursionlimit)
    yield one("gc.get_threshold()", gc.get_threshold(), lambda value: gc.set_threshold(*value))
    yield one("sys.getswitchinterval()", sys.getswitchinterval(), sys.setswitchinterval)
    arguments = list(sys.argv)
    yield ("process", "sys.argv"), Setting(
        tuple(map(str, arguments)), arguments, arguments, lambda value: replace(sys.argv, value)
    )
    # To ask for the folder fills it in: that is no change.
    folder = tempfile.tempdir
    told = None if folder == os.environ.get("TMPDIR") else folder
    yield ("process", "tempfile.tempdir"), Setting(told, folder, short(told), lambda value: setattr(tempfile, "tempdir", value))
    yield one("gc.isenabled()", gc.isenabled(), lambda value: gc.enable() if value else gc.disable())
    socket: Any = sys.modules.get("socket")
    if socket is not None:
        yield one("socket.getdefaulttimeout()", socket.getdefaulttimeout(), socket.setdefaulttimeout)
    mask = os.umask(0o077)
    os.umask(mask)
    yield one("os.umask()", mask, os.umask)
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name, None)
        told = type(stream).__name__
        yield ("process", "sys.%s" % name), Setting(told, stream, told, of_stream(name))
    if threading.current_thread() is threading.main_thread():
        for number in sorted(signal.valid_signals() if hasattr(signal, "valid_signals") else ()):
            handler = signal.getsignal(number)
            if handler is not None and handler is not signal.SIG_DFL:
                name = "signal.getsignal(signal.%s)" % getattr(number, "name", number)
                yield ("process", name), Setting(id(handler), handler, short(handler), of_signal(number))


def of_stream(name):
    return lambda value: setattr(sys, name, value)


def of_signal(number):
    return lambda value: signal.signal(number, signal.SIG_DFL if value is MISSING else value)


def threads():
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and thread.is_alive():
            yield ("thread", "thread %s" % short(thread.name)), Setting(thread.ident, thread, "running")


def is_stub(name):
    """Whether what stands in `sys.modules` came there by no import."""
    module = sys.modules.get(name)
    return not is_a(module, types.ModuleType) or vars(module).get("__spec__") is None


def modules():
    """Modules by name. A module more is a weak mark, one that is replaced or gone a strong one."""
    for name, module in list(sys.modules.items()):
        if isinstance(name, str) and not name.startswith(("steadfast_", "_pytest")):
            yield ("module", name), Setting(id(module), module, "a module", of_module(name))


def of_module(name):
    def restore(value):
        parent, _, child = name.rpartition(".")
        if value is MISSING:
            sys.modules.pop(name, None)
            return
        sys.modules[name] = value
        if parent in sys.modules and isinstance(value, types.ModuleType):
            setattr(sys.modules[parent], child, value)

    return restore


def _pairs(reader):
    def read_all():
        return dict(reader())

    read_all.__name__ = reader.__name__
    return read_all


READERS = [environment] + [
    _pairs(reader)
    for reader in (
        places,
        warning_filters,
        loggers,
        places_and_times,
        generators,
        contexts,
        event_loops,
        process,
        threads,
        modules,
    )
]

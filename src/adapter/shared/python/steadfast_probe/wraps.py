"""Wraps the constructors of what is imported, and of what will be, so that the probe hears of each new object."""

import functools
import importlib.abc
import importlib.util
import sys
import threading
import warnings

from .places import frames
from .swallowed import swallowed

# What is wrapped when its module is imported: module, class, kind. Names are those of the libraries' own modules, so that
# a re-exported class is found as well.
WATCHED = (
    ("asyncio.base_events", "BaseEventLoop", "event_loop"),
    ("asyncio.selector_events", "_SelectorTransport", "transport"),
    ("asyncio.sslproto", "_SSLProtocolTransport", "transport"),
    ("asyncio.base_subprocess", "BaseSubprocessTransport", "transport"),
    ("aiohttp.client", "ClientSession", "client_session"),
    ("httpx._client", "AsyncClient", "client_session"),
    ("concurrent.futures.thread", "ThreadPoolExecutor", "executor"),
    ("concurrent.futures.process", "ProcessPoolExecutor", "executor"),
)
# Functions that make loops of a class that can't be wrapped, being written in C: module, function.
LOOP_MAKERS = (("uvloop", "new_event_loop"), ("uvloop.loop", "new_event_loop"))
# Clients that don't name their loop: module, class, the method through which each request goes.
USED = (("httpx._client", "AsyncClient", "send"),)


def wrap_all(probe):
    """Tells `probe` of all that is made from now on."""
    patches = {}
    for module, name, kind in WATCHED:
        patches.setdefault(module, []).append(lambda loaded, n=name, k=kind: wrap_constructor(probe, loaded, n, k))
    for module, name in LOOP_MAKERS:
        patches.setdefault(module, []).append(lambda loaded, n=name: wrap_maker(probe, loaded, n))
    for module, name, method in USED:
        patches[module].append(lambda loaded, n=name, m=method: wrap_use(probe, loaded, n, m))
    for module, steps in patches.items():
        if module in sys.modules:
            patch(sys.modules[module], steps)
    sys.meta_path.insert(0, Finder(patches))
    watch_threads(probe)
    watch_coroutines(probe)


class Finder(importlib.abc.MetaPathFinder):
    """Lets the other finders find, and patches a watched module once it is loaded."""

    def __init__(self, patches):
        self.patches = patches
        self.busy = threading.local()

    def find_spec(self, name, path=None, target=None):
        if name not in self.patches or getattr(self.busy, "name", None) == name:
            return None
        self.busy.name = name
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, AttributeError, ValueError):
            return None
        finally:
            self.busy.name = None
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return None
        load, steps = spec.loader.exec_module, self.patches[name]

        def exec_module(module):
            load(module)
            patch(module, steps)

        try:
            setattr(spec.loader, "exec_module", exec_module)  # noqa: B010
        except AttributeError:
            return None
        return spec


def patch(module, steps):
    for step in steps:
        try:
            step(module)
        except Exception:
            swallowed("patch")


def wrap_constructor(probe, module, name, kind):
    watched = getattr(module, name, None)
    if watched is None or "_steadfast_watched" in vars(watched):
        return
    original = watched.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        # A subclass calls this in the middle of its own constructor: the object is known once, by its outermost call.
        probe.add(kind, self)

    functools.update_wrapper(__init__, original)
    watched.__init__ = __init__
    watched._steadfast_watched = True


def wrap_use(probe, module, name, method):
    """Remembers on which loop a client was used last, for clients that don't say."""
    watched = getattr(module, name, None)
    original = getattr(watched, method, None)
    if original is None or hasattr(original, "_steadfast_watched"):
        return

    def use(self, *args, **kwargs):
        probe.used(self)
        return original(self, *args, **kwargs)

    functools.update_wrapper(use, original)
    vars(use)["_steadfast_watched"] = True
    setattr(watched, method, use)


def wrap_maker(probe, module, name):
    original = getattr(module, name, None)
    if original is None or hasattr(original, "_steadfast_watched"):
        return

    def make(*args, **kwargs):
        loop = original(*args, **kwargs)
        probe.add("event_loop", loop)
        return loop

    vars(make)["_steadfast_watched"] = True
    setattr(module, name, make)


def watch_threads(probe):
    start = threading.Thread.start

    def watched(self):
        try:
            self._steadfast_created = (probe.case, frames(sys._getframe(1)))
        except Exception:
            swallowed("watch_threads")
        return start(self)

    functools.update_wrapper(watched, start)
    setattr(threading.Thread, "start", watched)  # noqa: B010


def watch_coroutines(probe):
    warn = getattr(warnings, "_warn_unawaited_coroutine", None)
    if warn is None:
        return

    def watched(coroutine):
        try:
            code = coroutine.cr_code
            told = {"coroutine": coroutine.__qualname__, "defined": "%s:%d" % (code.co_filename, code.co_firstlineno)}
            probe.never_awaited.append(dict(told, case=probe.case))
        except Exception:
            swallowed("watch_coroutines")
        return warn(coroutine)

    setattr(warnings, "_warn_unawaited_coroutine", watched)  # noqa: B010

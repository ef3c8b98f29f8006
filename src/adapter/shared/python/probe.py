"""Watches what a Python process opens and never closes: event loops, client sessions, transports, threads, executors.

Only the standard library is used, nothing of the watched program is edited, and nothing is kept alive: what is watched
is held by weak references. Constructors are wrapped when their module is imported; a look after each case costs
microseconds, and the dear ones (a collection of garbage, a walk to whoever holds an object) are taken on suspicion only.

Use: `install()` once, `begin_case(name)` and `end_case()` around each case. `end_case` returns what it found:

    {"counts": {kind: number}, "new": [resource...], "loop_bound": [resource...], "never_awaited": [...]}

`counts` has only kinds that could be measured. A resource says its kind, its type, where it was created (the first
frames outside the library that made it), in which case, and who holds it.
"""

import functools
import gc
import importlib.abc
import importlib.util
import os
import sys
import sysconfig
import threading
import weakref

_LIBRARY = tuple(
    {
        os.path.realpath(path) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        for path in [sysconfig.get_paths().get(name)]
        if path
    }
)
_HERE = os.path.dirname(__file__)
_FRAMES = 3
_HOLDERS = 6

# What is wrapped when its module is imported: module, class, kind. Names are those of the libraries' own modules, so that
# a re-exported class is found as well.
_WATCHED = (
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
_LOOP_MAKERS = (("uvloop", "new_event_loop"), ("uvloop.loop", "new_event_loop"))
# Clients that don't name their loop: module, class, the method through which each request goes.
_USED = (("httpx._client", "AsyncClient", "send"),)
_EXPLICIT = ("client_session", "executor", "event_loop")


class _Real:
    """Functions that a test may replace and never put back: these stay what they were."""

    getpid, listdir = os.getpid, os.listdir


class Resource:
    """One watched object: what it is, where it came from, and whether it is still there."""

    __slots__ = ("kind", "type", "place", "case", "loop", "serial", "reference", "told")

    def __init__(self, kind, thing, case, serial):
        self.kind = kind
        self.type = _type_name(thing)
        self.place = _place()
        self.case = case
        self.loop = None
        self.serial = serial
        self.told = False
        self.reference = weakref.ref(thing)

    def thing(self):
        return self.reference()

    def description(self, holder=None):
        told = {"kind": self.kind, "type": self.type, "created": self.place, "case": self.case, "serial": self.serial}
        if holder:
            told["held_by"] = holder
        return told


class Probe:
    """The ledger of one process."""

    def __init__(self):
        self.case = None
        self.resources = []
        self.serial = 0
        self.never_awaited = []
        self.pid = _Real.getpid()
        self.lock = threading.RLock()

    def add(self, kind, thing):
        try:
            with self.lock:
                self.serial += 1
                resource = Resource(kind, thing, self.case, self.serial)
                resource.loop = _running_loop() if kind in ("client_session", "executor") else None
                self.resources.append(resource)
        except Exception:  # A watcher never breaks what it watches.
            pass

    def used(self, thing):
        """The thing is used on the loop that runs now."""
        loop = _running_loop()
        for resource in self.resources:
            if resource.thing() is thing:
                resource.loop = loop

    @staticmethod
    def place():
        """Which code of the watched program runs now, innermost first."""
        return _place()

    def begin_case(self, name):
        if self.pid != _Real.getpid():
            self.pid = _Real.getpid()
            self.lock = threading.RLock()
        self.case = name

    def end_case(self):
        """What is open now, and what was found to outlive its loop since the last look."""
        found = self.outlived()
        case, self.case = self.case, None
        new = [resource.description() for resource in self.open_since(case)]
        return dict(found, case=case, counts=self.counts(), new=new)

    def outlived(self):
        """What was found since the last look, without counts, which cost a look at /proc."""
        found = {"loop_bound": self.loop_bound(), "pending_tasks": _pending_on_dead_loops(self.resources)}
        found["never_awaited"], self.never_awaited = self.never_awaited, []
        return found

    def loop_bound(self):
        """What was found to outlive its loop since the last look."""
        if not self.resources:
            return []
        with self.lock:
            self.resources = [resource for resource in self.resources if resource.thing() is not None]
            suspects = [resource for resource in self.resources if _is_bound_to_dead_loop(resource)]
        if suspects:
            gc.collect()
            suspects = [resource for resource in suspects if _is_bound_to_dead_loop(resource)]
        bound = []
        for resource in _without_inner(suspects):
            thing = resource.thing()
            if thing is None:
                continue
            bound.append(dict(resource.description(_holder(thing)), loop=_loop_name(resource, thing)))
        for resource in suspects:
            resource.told = True
        return bound

    def counts(self):
        counts = {"threads": threading.active_count()}
        for kind in ("event_loop", "transport", "client_session", "executor"):
            counts[kind] = 0
        for resource in self.resources:
            thing = resource.thing()
            if thing is not None and not _is_closed(resource.kind, thing):
                counts[resource.kind] += 1
        for name, folder in (("fds", "/proc/self/fd"),):
            try:
                counts[name] = len(_Real.listdir(folder)) - 1
            except OSError:
                pass
        children = _children()
        if children is not None:
            counts["children"] = children
        return counts

    def open_since(self, case):
        """Explicitly closable things that the case created and left open."""
        return [
            resource
            for resource in self.resources
            if resource.case == case
            and case is not None
            and resource.kind in _EXPLICIT
            and resource.thing() is not None
            and not _is_closed(resource.kind, resource.thing())
        ]


def install():
    """Wraps the constructors of what is imported, and of what will be. Returns the ledger."""
    probe = Probe()
    patches = {}
    for module, name, kind in _WATCHED:
        patches.setdefault(module, []).append(lambda loaded, n=name, k=kind: _wrap_constructor(probe, loaded, n, k))
    for module, name in _LOOP_MAKERS:
        patches.setdefault(module, []).append(lambda loaded, n=name: _wrap_maker(probe, loaded, n))
    for module, name, method in _USED:
        patches[module].append(lambda loaded, n=name, m=method: _wrap_use(probe, loaded, n, m))
    for module, steps in patches.items():
        if module in sys.modules:
            _patch(sys.modules[module], steps)
    sys.meta_path.insert(0, _Finder(patches))
    _watch_threads(probe)
    _watch_coroutines(probe)
    return probe


class _Finder(importlib.abc.MetaPathFinder):
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
            _patch(module, steps)

        try:
            spec.loader.exec_module = exec_module
        except AttributeError:
            return None
        return spec


def _patch(module, steps):
    for step in steps:
        try:
            step(module)
        except Exception:
            pass


def _wrap_constructor(probe, module, name, kind):
    watched = getattr(module, name, None)
    if watched is None or "_steadfast_watched" in vars(watched):
        return
    original = watched.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        # A subclass calls this in the middle of its own constructor: the object is known once, by its outermost call.
        probe.add(kind, self)

    __init__.__wrapped__ = original
    __init__.__doc__ = original.__doc__
    watched.__init__ = __init__
    watched._steadfast_watched = True


def _wrap_use(probe, module, name, method):
    """Remembers on which loop a client was used last, for clients that don't say."""
    watched = getattr(module, name, None)
    original = getattr(watched, method, None)
    if original is None or hasattr(original, "_steadfast_watched"):
        return

    def use(self, *args, **kwargs):
        probe.used(self)
        return original(self, *args, **kwargs)

    use.__wrapped__ = original
    use._steadfast_watched = True
    setattr(watched, method, use)


def _wrap_maker(probe, module, name):
    original = getattr(module, name, None)
    if original is None or hasattr(original, "_steadfast_watched"):
        return

    def make(*args, **kwargs):
        loop = original(*args, **kwargs)
        probe.add("event_loop", loop)
        return loop

    make._steadfast_watched = True
    setattr(module, name, make)


def _watch_threads(probe):
    start = threading.Thread.start

    def watched(self):
        try:
            self._steadfast_created = (probe.case, _place())
        except Exception:
            pass
        return start(self)

    watched.__wrapped__ = start
    threading.Thread.start = watched


def _watch_coroutines(probe):
    import warnings

    warn = getattr(warnings, "_warn_unawaited_coroutine", None)
    if warn is None:
        return

    def watched(coroutine):
        try:
            code = coroutine.cr_code
            told = {"coroutine": coroutine.__qualname__, "defined": "%s:%d" % (code.co_filename, code.co_firstlineno)}
            probe.never_awaited.append(dict(told, case=probe.case))
        except Exception:
            pass
        return warn(coroutine)

    warnings._warn_unawaited_coroutine = watched


def threads_left(probe, known):
    """Threads alive now that are not in `known`, with where they were started."""
    left = []
    for thread in threading.enumerate():
        if thread not in known:
            case, place = getattr(thread, "_steadfast_created", (None, []))
            left.append({"kind": "thread", "type": thread.name, "created": place, "case": case})
    return left


def _running_loop():
    try:
        import asyncio

        return weakref.ref(asyncio.get_running_loop())
    except Exception:
        return None


def _loop_of(resource, thing):
    """The loop a thing is bound to, if it says so itself or was made while one ran."""
    for name in ("_loop", "loop"):
        try:
            loop = object.__getattribute__(thing, name)
        except Exception:
            continue
        if hasattr(loop, "is_closed"):
            return loop
    return resource.loop() if resource.loop is not None else None


def _is_bound_to_dead_loop(resource):
    if resource.told or resource.kind not in ("client_session", "transport"):
        return False
    thing = resource.thing()
    if thing is None or _is_closed(resource.kind, thing):
        return False
    if resource.kind == "client_session" and not _has_own_loop(thing):
        # A client that names no loop is bound to one only through the connections it holds.
        if not _has_connections(thing) or resource.loop is None:
            return False
    loop = _loop_of(resource, thing)
    try:
        return loop is not None and bool(loop.is_closed())
    except Exception:
        return False


def _has_own_loop(thing):
    try:
        return hasattr(object.__getattribute__(thing, "_loop"), "is_closed")
    except Exception:
        return False


def _has_connections(thing):
    try:
        return bool(thing._transport._pool.connections)
    except Exception:
        return False


def _is_closed(kind, thing):
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
        return True
    return True


def _pending_on_dead_loops(resources):
    """Tasks that were pending when their loop was closed: nothing will ever end them."""
    told = []
    asyncio = sys.modules.get("asyncio")
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
                told.append({"task": task.get_name(), "coroutine": getattr(coroutine, "__qualname__", "?")})
        except Exception:
            continue
    return told


def _without_inner(resources):
    """A session explains its own transports: only the outermost is told where one holds the other."""
    sessions = [resource for resource in resources if resource.kind == "client_session"]
    if not sessions:
        return _one_per_place(resources)
    loops = [id(_loop_of(resource, resource.thing())) for resource in sessions if resource.thing() is not None]
    inner = [
        resource
        for resource in resources
        if resource.kind != "client_session"
        and (resource.thing() is None or id(_loop_of(resource, resource.thing())) not in loops)
    ]
    return sessions + _one_per_place(inner)


def _one_per_place(resources):
    seen, kept = set(), []
    for resource in resources:
        key = (resource.type, tuple(resource.place))
        if key not in seen:
            seen.add(key)
            kept.append(resource)
    return kept


def _loop_name(resource, thing):
    loop = _loop_of(resource, thing)
    return "%s (closed)" % _type_name(loop) if loop is not None else None


def _type_name(thing):
    kind = type(thing)
    return "%s.%s" % (kind.__module__, kind.__qualname__)


def _place():
    """The innermost frames of the user's own code, else of whatever library: `file:line in function`."""
    frame, own, any_frame = sys._getframe(1), [], []
    while frame is not None and len(own) < _FRAMES:
        code = frame.f_code
        path = code.co_filename
        if os.path.dirname(path) != _HERE and not path.startswith("<"):
            text = "%s:%d in %s" % (path, frame.f_lineno, code.co_name)
            if not _is_of_library(path):
                own.append(text)
            elif len(any_frame) < _FRAMES:
                any_frame.append(text)
        frame = frame.f_back
    return own or any_frame


@functools.lru_cache(maxsize=4096)
def _is_of_library(path):
    return os.path.realpath(path).startswith(_LIBRARY)


def _children():
    children = 0
    try:
        for task in _Real.listdir("/proc/self/task"):
            with open("/proc/self/task/%s/children" % task) as listed:
                children += len(listed.read().split())
    except OSError:
        return None
    return children


def _holder(thing):
    """Who keeps a thing alive, from a module's global down to it: `shop.client: CLIENT -> Client._session`."""
    path, current, seen = [], thing, {id(thing)}
    for _ in range(_HOLDERS):
        step = _step_up(current, seen)
        if step is None:
            break
        owner, text, is_root = step
        path.insert(0, text)
        if is_root:
            break
        seen.add(id(owner))
        current = owner
    return " -> ".join(path) or None


def _step_up(thing, seen):
    modules = _namespaces()
    best = root = None
    for referrer in gc.get_referrers(thing):
        if id(referrer) in seen or type(referrer).__name__ in ("frame", "list_iterator", "Resource", "weakref"):
            continue
        if isinstance(referrer, dict):
            name = _key_of(referrer, thing)
            if name is None:
                continue
            if id(referrer) in modules:
                # Others may have imported the name: the module that defines the type is the one to mend.
                module = modules[id(referrer)]
                if root is None or module == type(thing).__module__:
                    root = (referrer, "%s: %s" % (module, name), True)
                continue
            owner = _owner_of(referrer)
            if owner is not None and id(owner) not in seen:
                best = best or (owner, "%s.%s" % (type(owner).__qualname__, name), False)
        elif isinstance(referrer, (list, tuple, set)):
            continue
        elif hasattr(referrer, "__dict__") or hasattr(type(referrer), "__slots__"):
            name = _attribute_holding(referrer, thing)
            if name is not None:
                if type(referrer).__name__ == "module":
                    return referrer, "%s: %s" % (referrer.__name__, name), True
                best = best or (referrer, "%s.%s" % (type(referrer).__qualname__, name), False)
        elif type(referrer).__name__ == "cell":
            best = best or (referrer, "a closure", False)
    return root or best


def _namespaces():
    names = {}
    for name, module in list(sys.modules.items()):
        try:
            names[id(object.__getattribute__(module, "__dict__"))] = name
        except Exception:
            continue
    return names


def _key_of(namespace, thing):
    # A plain loop: a generator expression would hold the thing in a cell, and be found as its holder.
    for key, value in list(namespace.items()):
        if value is thing:
            return key
    return None


def _owner_of(namespace):
    for referrer in gc.get_referrers(namespace):
        try:
            if object.__getattribute__(referrer, "__dict__") is namespace:
                return referrer
        except Exception:
            continue
    return None


def _attribute_holding(owner, thing):
    try:
        namespace = object.__getattribute__(owner, "__dict__")
    except Exception:
        namespace = {}
    for name, value in list(namespace.items()):
        if value is thing:
            return name
    for kind in type(owner).__mro__:
        for name in vars(kind).get("__slots__", ()):
            try:
                if object.__getattribute__(owner, name) is thing:
                    return name
            except Exception:
                continue
    return None

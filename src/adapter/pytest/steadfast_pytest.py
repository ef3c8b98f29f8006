"""Runs a pytest suite for steadfast: collects it once and plays orders of its tests, each in a forked child.

The harness starts `python -m pytest -p steadfast_pytest …` and speaks with it over the process's standard input and
output, JSON, a message per line. Both are taken away from them before anything of the suite runs. Nothing here is
needed by the suite, and all traces of it are removed from the environment that the tests see. Python 3.8, pytest 7.0
and the standard library are enough.

In:   {"order": [2, 0, null], "from": 0, "seed": 7, "tmp": "DIR", "deadline": 30.0, "watch": 0}   one round
      the same with "walk": 1       after how many of the order's first cases what follows them begins to fail
      the same with "ledger": {"gate": "PIPE", "collect": true}  before the first test and after each one it waits there
      {"hang": true}                                             the running test is overdue: say where it is, end it
Out:  {"collected": {...}}  {"playing": PID}  {"started": 0}  {"finished": 0, ...}  {"ended": true}  {"dead": "..."}
"""

import copy
import faulthandler
import functools
import importlib.util
import json
import linecache
import os
import random
import select
import signal
import sys
import tempfile
import threading
import time
import traceback

import pytest

LONGEST = 16384
"""How many characters of a text are sent."""

STACK_SIGNAL = getattr(signal, "SIGRTMAX", 64) - 3
TASK_SIGNAL = getattr(signal, "SIGRTMAX", 64) - 4
"""Signals that a test would hardly use: they ask for stacks."""


class Real:
    """Functions that a test may replace and never put back: these stay what they were. They are attributes of a class,
    since what freezes time looks through all modules."""

    getpid, fork, exit = os.getpid, getattr(os, "fork", None), os._exit
    open, read, write, close = os.open, os.read, os.write, os.close
    dumps, loads = json.dumps, json.loads
    perf_counter, sleep = time.perf_counter, time.sleep
    select = select.select


def clean(text):
    """Text that JSON can carry: what is no Unicode is escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_harmless(thread):
    """Whether a thread may be alive when the process forks: a server of pytest-rerunfailures for xdist is not missed."""
    target = getattr(thread, "_target", None)
    return thread is threading.main_thread() or getattr(target, "__module__", None) == "pytest_rerunfailures"


def one_line(text):
    """An id on one line, whatever is in it."""
    text = clean(text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def cut(text):
    """The begin and the end of a long text."""
    text = clean(text)
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return "%s\n[%d characters left out]\n%s" % (text[:half], len(text) - 2 * half, text[-half:])


class Gate:
    """Where a test waits until the harness knows that it begins: whose a request is follows from it."""

    def __init__(self):
        self.path = os.environ.pop("STEADFAST_PYTEST_GATE", None)

    def take(self):
        if self.path is None:
            return
        pipe = Real.open(self.path, os.O_RDONLY)
        try:
            Real.read(pipe, 1)
        finally:
            Real.close(pipe)


class Wire:
    """The pipes to the harness. They are moved out of the way of whatever a test does with 0, 1 and 2."""

    def __init__(self):
        self.requests = self._moved(0)
        self.replies = self._moved(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        self.owner = Real.getpid()
        self.rest = b""

    @staticmethod
    def _moved(descriptor):
        import fcntl

        try:
            return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 200)
        except OSError:
            return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)

    def say(self, **message):
        """Writes a message, if this process is the one that may. A test that forks makes processes that may not."""
        if Real.getpid() != self.owner:
            return
        left = memoryview((Real.dumps(message) + "\n").encode("ascii"))
        while left:
            left = left[Real.write(self.replies, left) :]

    def hear(self):
        """The next message; None at the end of the pipe."""
        while b"\n" not in self.rest:
            read = Real.read(self.requests, 1 << 16)
            if not read:
                return None
            self.rest += read
        line, _, self.rest = self.rest.partition(b"\n")
        return Real.loads(line.decode("utf-8"))


class Case:
    """A test, or a file of the suite that has none because it does not import or is skipped as a whole."""

    def __init__(self, nodeid, path, line, marks=(), item=None, report=None):
        self.nodeid, self.path, self.line, self.marks = nodeid, path, line, marks
        self.item, self.report = item, report

    @classmethod
    def of_item(cls, item):
        _, line, _ = item.location
        marks = sorted({mark.name for mark in item.iter_markers()})
        return cls(item.nodeid, str(getattr(item, "path", None) or item.fspath), (line or 0) + 1, marks, item=item)

    @classmethod
    def of_report(cls, report, root):
        name = report.nodeid.split("::")[0]
        return cls(report.nodeid or "(collection)", os.path.join(str(root), name), 1, report=report)


class Missing:
    """A test that other collections of the suite had, reported as skipped."""

    skipped = True
    longrepr = "pytest did not collect it this time"


MISSING = Case("", "", 1, report=Missing())


class Trial:
    """What pytest reports of one test, phase by phase."""

    def __init__(self):
        self.reports = []
        self.seconds = 0.0

    def outcome(self):
        """The worst of the phases; an expected failure passes."""
        for report in self.reports:
            if report.failed:
                return dict(describe(report), outcome="failed" if report.when == "call" else "errored")
        for report in self.reports:
            if report.skipped and not hasattr(report, "wasxfail"):
                return {"outcome": "skipped", "message": skip_reason(report)}
        if not any(report.when == "call" or report.skipped for report in self.reports):
            return {"outcome": "errored", "message": "pytest reported nothing of this test"}
        return {"outcome": "passed"}


def skip_reason(report):
    longrepr = report.longrepr
    reason = str(longrepr[2]) if isinstance(longrepr, tuple) and len(longrepr) == 3 else str(longrepr)
    return cut(reason[len("Skipped: ") :] if reason.startswith("Skipped: ") else reason)


def describe(report):
    """Message, place and text of a failure."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(report.longrepr)
    told = {"details": cut("\n".join([text] + ["--- %s\n%s" % section for section in report.sections]))}
    if crash is not None:
        source = linecache.getline(str(crash.path), int(crash.lineno)).strip()
        told.update(message=cut(str(crash.message)), file=clean(str(crash.path)), line=int(crash.lineno))
        told.update(source=clean(source))
    else:
        lines = [line for line in text.splitlines() if line.strip()]
        errors = [line[1:].strip() for line in lines if line.startswith("E ")]
        told["message"] = cut((errors or lines[-1:] or ["it failed and said nothing"])[0])
    when = getattr(report, "when", "collect")
    if when in ("setup", "teardown"):
        told["message"] = "%s: %s" % (when, told["message"])
    return told


class Plugin:
    """Takes the place of pytest's own loop over the tests."""

    def __init__(self, wire, mode, notes):
        self.wire, self.mode, self.notes = wire, mode, notes
        self.gate = Gate()
        self.probe = install_probe(mode)
        self.problems = []
        # What switches off on a command line what is switched off here.
        self.switches = []
        self.trial = None
        self.plain = {}

    # -- before the suite is collected

    @pytest.hookimpl(hookwrapper=True)
    def pytest_cmdline_main(self, config):
        """Switches off what would hide or repeat what is looked for."""
        option = config.option
        if getattr(option, "numprocesses", None) or getattr(option, "dist", "no") not in ("no", None):
            self.notes.append("pytest-xdist is switched off for the run: rounds have one process each")
            self.switches.append("-n0")
        for name, value in [("numprocesses", None), ("maxprocesses", None), ("tx", []), ("dist", "no")]:
            if hasattr(option, name):
                setattr(option, name, value)
        if getattr(option, "randomly_reorganize", False):
            self.notes.append("pytest-randomly does not shuffle in this run; it still seeds before each test")
            self.switches.append("--randomly-dont-reorganize")
            option.randomly_reorganize = False
        if getattr(option, "random_order_enabled", False):
            self.notes.append("pytest-random-order does not shuffle in this run")
            self.switches.append("--random-order-bucket=none")
        if getattr(option, "maxfail", 0):
            self.notes.append("-x and --maxfail do not count in this run: a round goes on after a failure")
            self.switches.append("--maxfail=0")
            option.maxfail = 0
        if getattr(option, "stepwise", False):
            option.stepwise = False
        yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config):
        known = early_config.known_args_namespace
        if getattr(known, "cov_source", None) and not getattr(known, "no_cov", False):
            known.no_cov = True
            self.notes.append("pytest-cov measures nothing in this run")
            self.switches.append("--no-cov")
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session):
        manager = session.config.pluginmanager
        option = session.config.option
        # Older ones have no word against what a test's mark says.
        no_reruns = "--force-reruns=0" if hasattr(option, "force_reruns") else "--reruns=0"
        for name, what, switch in [
            ("random_order", None, None),
            ("rerunfailures", "pytest-rerunfailures is switched off for the run: it hides what is looked for", no_reruns),
            ("flaky", "flaky is switched off for the run: it hides what is looked for", "-pno:flaky"),
        ]:
            plugin = manager.get_plugin(name)
            if plugin is not None:
                manager.unregister(plugin)
                if what is not None:
                    self.notes.append(what)
                    self.switches.append(switch)

    # -- while it is collected

    def pytest_collectreport(self, report):
        if report.failed or report.skipped:
            self.problems.append(report)

    # -- once it is collected

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        self.session = session
        self.cases = [Case.of_report(report, session.config.rootpath) for report in self.problems]
        self.cases += [Case.of_item(item) for item in session.items]
        self.wire.say(collected=self.collected())
        if self.mode == "plain":
            # pytest's own loop follows; hooks below watch it.
            self.places = {id(case.item): place for place, case in enumerate(self.cases) if case.item is not None}
            for place, case in enumerate(self.cases):
                if case.report is not None:
                    self.wire.say(finished=place, **self.one(case, None))
            return None
        if self.mode == "once":
            self.once()
        elif self.mode == "serve":
            Server(self).serve()
        return True

    def collected(self):
        seen, cases = {}, []
        for case in self.cases:
            name = one_line(case.nodeid)
            seen[name] = seen.get(name, 0) + 1
            if seen[name] == 2:
                self.notes.append("several tests have the id %s: the later ones bear a number" % name)
            case.name = name if seen[name] == 1 else "%s #%d" % (name, seen[name])
            file = os.path.relpath(case.path, str(self.session.config.invocation_params.dir))
            cases.append({"id": case.name, "file": clean(file), "line": case.line, "marks": list(case.marks)})
        threads = [thread.name for thread in threading.enumerate() if not is_harmless(thread)]
        return {
            "cases": cases,
            "notes": self.notes,
            "switches": self.switches,
            "threads": threads,
            "forks": hasattr(os, "fork"),
            "pytest": pytest.__version__,
            "python": "%d.%d.%d" % sys.version_info[:3],
            "root": clean(os.path.relpath(str(self.session.config.rootpath), os.getcwd())),
        }

    def once(self):
        """One round in this very process."""
        request = self.wire.hear()
        if request is not None:
            self.settle(request)
            self.play(request["order"], request["from"], request)
            self.wire.say(ended=True)

    def settle(self, request):
        """What differs from round to round, whatever process it runs in."""
        os.environ["TMPDIR"] = request["tmp"]
        tempfile.tempdir = None
        factory = getattr(self.session.config, "_tmp_path_factory", None)
        if factory is not None and getattr(factory, "_given_basetemp", None) is None:
            factory._basetemp = None
        random.seed(request["seed"])
        if hasattr(self.session.config.option, "randomly_seed"):
            self.session.config.option.randomly_seed = request["seed"] % (1 << 32)
        numpy = sys.modules.get("numpy")
        if hasattr(numpy, "random"):
            numpy.random.seed(request["seed"] % (1 << 32))

    def play(self, order, begin, request):
        """Runs the tests of the order, from a place of it on, and tells how each of them ended."""
        footprint = Footprint()
        ledger = None
        if request.get("ledger") is not None:
            ledger = load("steadfast_ledger").Ledger(self.session.config, self.probe, request["ledger"])
            self.wire.say(playing=Real.getpid())
            ledger.wait()
        for position in range(begin, len(order)):
            told = self.step(order, position, request.get("watch"))
            told.update(footprint.changes())
            if ledger is not None:
                told["held"] = ledger.held(self.case(order[position]).item, position + 1 == len(order))
            self.wire.say(finished=position, **told)
            if told["outcome"] == "stopped":
                return
            if ledger is not None:
                ledger.wait()

    def case(self, place):
        """What was collected there; nothing else than in other collections may be missing."""
        return MISSING if place is None else self.cases[place]

    def step(self, order, position, watch=None):
        """Runs the test at a place of the order."""
        mine = Real.getpid()
        case = self.case(order[position])
        following = self.case(order[position + 1]).item if position + 1 < len(order) else None
        before = None
        if watch is not None and position == watch:
            before = steadfast_state().snapshot(self.session)
        self.wire.say(started=position)
        self.gate.take()
        self.probed("begin_case", case.nodeid)
        begun = Real.perf_counter()
        told = self.one(case, following)
        if Real.getpid() != mine:
            # A test forked, and this is the copy that it forgot to end.
            Real.exit(0)
        told["micros"] = int((Real.perf_counter() - begun) * 1e6)
        if before is not None:
            told["notes"] = [cut(text) for text in steadfast_state().compare(before, self.session)]
        told.update((key, found) for key, found in (self.probed("outlived") or {}).items() if found)
        return told

    def probed(self, name, *arguments):
        """What the probe says; nothing where a test left it no world to look at."""
        try:
            return None if self.probe is None else getattr(self.probe, name)(*arguments)
        except Exception:
            return None

    def one(self, case, following):
        if case.report is not None:
            if case.report.skipped:
                return {"outcome": "skipped", "message": skip_reason(case.report)}
            return dict(describe(case.report), outcome="errored")
        item = case.item
        if following is item:
            # Else pytest would keep its set-up for the second time.
            following = copy.copy(item)
        if getattr(item, "_report_sections", None):
            # Else what it wrote the last time would be reported again.
            item._report_sections = []
        self.trial = trial = Trial()
        mine = Real.getpid()
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        except BaseException as error:
            if Real.getpid() != mine:
                Real.exit(0)
            text = "the test brought pytest down: %s: %s" % (type(error).__name__, error)
            return {"outcome": "stopped", "message": cut(text), "details": cut(traceback.format_exc())}
        finally:
            self.trial = None
        return trial.outcome()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        """Tells how tests end under pytest's own loop."""
        if self.mode != "plain":
            yield
            return
        place = self.places[id(item)]
        self.wire.say(started=place)
        self.gate.take()
        self.trial = trial = Trial()
        yield
        self.trial = None
        self.wire.say(finished=place, **trial.outcome())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        if self.trial is not None:
            self.trial.reports.append(report)


class Footprint:
    """What a cheap look sees of the process's state: environment, working directory, loaded modules. A look at which
    nothing has changed costs some microseconds."""

    def __init__(self):
        self.base = self.seen = self.state()
        self.dirty = set()

    @staticmethod
    def state():
        try:
            folder = os.getcwd()
        except Exception:
            folder = None
        return dict(getattr(os.environ, "_data", os.environ)), folder, dict(sys.modules)

    def is_unchanged(self):
        environment, folder, modules = self.seen
        try:
            same = getattr(os.environ, "_data", os.environ) == environment and sys.modules == modules
            return same and os.getcwd() == folder
        except Exception:
            return False

    def changes(self):
        """What a test has made other than it was at the begin, and what it has put back."""
        if self.is_unchanged():
            return {}
        now, dirty = self.state(), set()
        for name in differing(self.base[0], now[0]):
            dirty.add("environment variable " + clean(os.fsdecode(name)))
        if self.base[1] != now[1]:
            dirty.add("working directory")
        loaded = []
        for name in differing(self.base[2], now[2]):
            if name in self.base[2]:
                dirty.add("sys.modules " + clean(str(name)))
            elif name not in self.seen[2]:
                loaded.append(clean(str(name)))
        dirty.update(name for name in self.dirty if name.startswith("loads "))
        # One name stands for all that are loaded at once.
        dirty.update("loads " + name for name in sorted(loaded)[:1])
        made, cleaned = dirty - self.dirty, self.dirty - dirty
        self.seen, self.dirty = now, dirty
        return {"dirt": {"made": sorted(made)[:20], "cleaned": sorted(cleaned)[:20]}} if made or cleaned else {}


def differing(old, new):
    """The keys whose values are not the same objects, nor equal text."""
    for key in old.keys() | new.keys():
        one, other = old.get(key), new.get(key)
        if one is not other and not (isinstance(one, (str, bytes)) and one == other):
            yield key


class Server:
    """Forks a child for each round, one at a time, and watches it."""

    def __init__(self, plugin):
        self.plugin, self.wire = plugin, plugin.wire

    def serve(self):
        while True:
            request = self.wire.hear()
            if request is None:
                return
            if "order" in request:
                sys.stdout.flush()
                sys.stderr.flush()
                child = Real.fork()
                if child == 0:
                    self.child(request)
                if not self.watch(child, request):
                    return

    def child(self, request):
        """Plays one round and ends, whatever happens."""
        code = 70
        try:
            os.setpgid(0, 0)
            wire = self.wire
            wire.owner = Real.getpid()
            os.close(wire.requests)
            self.stacks_on_request(request)
            unshare_capture(self.plugin.session.config)
            self.plugin.settle(request)
            if request.get("walk") is None:
                self.plugin.play(request["order"], request["from"], request)
            else:
                load("steadfast_walk").Walk(self.plugin, request).run()
            wire.say(ended=True)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            Real.exit(code)

    def stacks_on_request(self, request):
        self.stacks = open(self.stack_file(request), "w")
        faulthandler.register(STACK_SIGNAL, file=self.stacks, all_threads=True)
        signal.signal(TASK_SIGNAL, lambda *_: write_tasks(self.stacks))

    @staticmethod
    def stack_file(request):
        return os.path.join(request["tmp"], ".stacks")

    def watch(self, child, request):
        """Waits for the child's end; False if the harness is gone."""
        try:
            os.setpgid(child, child)
        except OSError:
            pass
        ended = None
        if hasattr(os, "pidfd_open"):
            try:
                ended = os.pidfd_open(child)
            except OSError:
                ended = None
        is_there, stacks = True, None
        while True:
            info = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if info is not None:
                break
            watched = [self.wire.requests] + ([ended] if ended is not None else [])
            if not is_there:
                watched = []
            ready, _, _ = Real.select(watched, [], [], None if ended is not None and is_there else 0.003)
            if self.wire.requests in ready and is_there:
                message = self.wire.hear()
                if message is None:
                    is_there = False
                    self.kill(child)
                elif "hang" in message:
                    stacks = self.where(child, request)
                    self.kill(child)
        # The child is not yet waited for, so its group is surely its own: what it left behind in it ends here.
        self.kill(child)
        os.waitpid(child, 0)
        if ended is not None:
            os.close(ended)
        if is_there:
            self.wire.say(dead=how(info), stacks=stacks)
        return is_there

    @staticmethod
    def kill(child):
        try:
            os.killpg(child, signal.SIGKILL)
        except OSError:
            pass

    def where(self, child, request):
        """The stacks of all threads and tasks of a child."""
        path = self.stack_file(request)
        for asked in (STACK_SIGNAL, TASK_SIGNAL):
            size = os.path.getsize(path)
            os.kill(child, asked)
            for _ in range(50):
                Real.sleep(0.01)
                grown = os.path.getsize(path)
                if grown > size and grown == self.later_size(path):
                    break
        with open(path, errors="backslashreplace") as file:
            return cut(file.read())

    @staticmethod
    def later_size(path):
        Real.sleep(0.01)
        return os.path.getsize(path)


def how(info):
    """How a child ended, in words."""
    if info.si_code == os.CLD_EXITED:
        return "it ended with exit code %d" % info.si_status
    try:
        name = signal.Signals(info.si_status).name
    except ValueError:
        name = "signal %d" % info.si_status
    return "it was killed by %s" % name


def write_tasks(file):
    """The stack of every task that is not done."""
    import gc

    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return
    for found in gc.get_objects():
        try:
            if isinstance(found, asyncio.Task) and not found.done():
                file.write("Task %s:\n" % found.get_name())
                found.print_stack(file=file)
        except Exception:
            pass
    file.flush()


def unshare_capture(config):
    """Files of its own for what a child writes: children that share them lose text. The objects stay the same, since the
    suite may hold them: `sys.stdout` as a parameter, or in the handler of a logger."""
    manager = config.pluginmanager.getplugin("capturemanager")
    capturing = getattr(manager, "_global_capturing", None)
    for one in (getattr(capturing, "out", None), getattr(capturing, "err", None)):
        try:
            shared = one.tmpfile.fileno()
        except (AttributeError, OSError, ValueError):
            # Not captured, or in memory.
            continue
        with tempfile.TemporaryFile(buffering=0) as own:
            os.dup2(own.fileno(), shared)
        if getattr(one, "_state", None) == "started":
            os.dup2(shared, one.targetfd)


@functools.lru_cache(maxsize=None)
def steadfast_state():
    """The comparison of states, loaded when it is asked for, and known to nobody else."""
    return load("steadfast_state")


def load(name):
    """A file that stands beside this one."""
    spec = importlib.util.spec_from_file_location("_" + name, os.path.join(HOME, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def install_probe(mode):
    """Watches from before the suite's first import. A plain run is left plain: it is what others are compared with."""
    if mode not in ("serve", "once"):
        return None
    try:
        return load("steadfast_probe").install()
    except Exception:
        traceback.print_exc()
        return None


HOME = os.path.dirname(os.path.abspath(__file__))


def restore_environment():
    """Takes this file's traces out of what the tests see."""
    mode = os.environ.pop("STEADFAST_PYTEST_MODE")
    path = os.environ.pop("STEADFAST_PYTEST_PATH", None)
    if path is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = path
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HOME]
    return mode


def pytest_configure(config):
    """The hooks are those of the object that was made when this file was loaded."""


if "STEADFAST_PYTEST_MODE" in os.environ:
    _PLUGIN = Plugin(Wire(), restore_environment(), [])

    def pytest_addoption(parser, pluginmanager):
        """The earliest hook: from here on the plugin's own hooks are heard."""
        pluginmanager.register(_PLUGIN, "steadfast")

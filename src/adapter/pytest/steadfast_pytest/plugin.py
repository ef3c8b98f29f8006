"""Takes the place of pytest's own loop over the tests: plays orders of them, and tells how each of them ended."""

import copy
import os
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import traceback
from typing import Any, List, Tuple

import pytest
from steadfast_probe.swallowed import SWALLOWED, swallowed
from steadfast_state.owners import OURS
from steadfast_state.texts import clean, cut, one_line

from .blame import Blame
from .cases import ELSEWHERE, MISSING, TRIED_AGAIN, Case, Trial, describe, skip_reason
from .collected import Seeding, held_files
from .compared import Compared
from .failure import fixture_of, identity
from .footprint import Footprint
from .ledger import Ledger
from .marker import Marker
from .outputs import Outputs
from .real import Real
from .remedy import Remedy
from .reuse import Endless, Reuse
from .server import Server
from .taken import note_of_port

OURS.append(os.path.dirname(os.path.abspath(__file__)) + os.sep)

MOST_INSTANCES = 8
"""As many fixtures of earlier tests may fail when a test takes their place."""


def temporary_beside(outputs):
    """TMPDIR, where it is a folder of this run beside that for outputs; None for a folder that others use as well."""
    temporary = os.environ.get("TMPDIR")
    if not temporary or not outputs or os.path.dirname(temporary) != os.path.dirname(outputs):
        return None
    return temporary


class Plugin:
    """Takes the place of pytest's own loop over the tests."""

    def __init__(self, wire, mode, gate, probe, outputs):
        """`probe` watches what outlives its event loop; it may be None. `outputs` is a folder for reports and logs."""
        self.wire, self.mode, self.gate, self.probe = wire, mode, gate, probe
        self.outputs = Outputs(outputs)
        self.collected_in = temporary_beside(outputs)
        self.notes = []
        # What is told of the run once, whichever test showed it.
        self.remarks = set()
        self.problems = []
        # What switches off on a command line what is switched off here.
        self.switches = []
        # The folder for examples that the harness set, before anything of the suite could name another.
        self.examples = os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY", "")
        self.seeding = Seeding()
        # Which signals were blocked before timers were held; None while a test runs.
        self.signals: Any = None
        self.trial = None
        # The trial that ended last.
        self.played: Any = None
        self.session: Any = None
        self.cases = []
        self.places = {}
        self.is_forked = False
        # The places of the tests that plain pytest has run.
        self.ran: List[int] = []
        self.marker = Marker(self)
        self.blame = Blame(self)
        # In a plain run tests are told by their places.
        self.blame.names = self.ran if mode == "plain" else None
        # What the last test of the round is to be told with.
        self.difference = None
        self.endless = Endless()

    # -- before the suite is collected

    @pytest.hookimpl(hookwrapper=True)
    def pytest_cmdline_main(self, config):
        """Switches off what would hide or repeat what is looked for."""
        option = config.option
        if getattr(option, "numprocesses", None) or getattr(option, "dist", "no") not in ("no", None):
            self.notes.append("pytest-xdist is switched off for the run: rounds have one process each")
            self.switches.append("-n0")
        off: List[Tuple[str, Any]] = [("numprocesses", None), ("maxprocesses", None), ("tx", []), ("dist", "no")]
        for name, value in off:
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
        self.outputs.redirect(config)
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
            ("pytest_forked", None, None),
        ]:
            plugin = manager.get_plugin(name)
            if plugin is not None:
                manager.unregister(plugin)
                self.is_forked = self.is_forked or name == "pytest_forked"
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
        self.seeding.end()
        self.outputs.keep_examples(self.examples)
        self.cases = [Case.of_report(report, session.config.rootpath) for report in self.problems]
        self.cases += [Case.of_item(item) for item in session.items]
        if are_examples_fixed():
            self.notes.append(
                "hypothesis draws the same examples in every round (derandomize, as in its profile for CI): what fails for a "
                "rare one can't be found"
            )
        if self.is_forked and (getattr(session.config.option, "forked", False) or self.are_marked("forked")):
            self.notes.append("pytest-forked is switched off for the run: it hides what tests leave in memory")
            self.switches.append("-pno:pytest_forked")
        self.wire.say(collected=self.collected())
        if self.mode == "plain":
            # pytest's own loop follows; hooks below watch it.
            if os.environ.get("TMPDIR", "").startswith(os.path.dirname(self.outputs.folder)):
                self.keep_paths_short(os.environ["TMPDIR"])
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

    def are_marked(self, name):
        return any(name in case.marks for case in self.cases)

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
            "held": [clean(path) for path in held_files(self.folders(), [self.outputs.folder])],
            "forks": hasattr(os, "fork"),
            "pytest": pytest.__version__,
            "python": "%d.%d.%d" % sys.version_info[:3],
            "root": clean(os.path.relpath(str(self.session.config.rootpath), os.getcwd())),
        }

    def folders(self):
        """Where files of the suite may lie."""
        return [str(self.session.config.rootpath), os.getcwd(), os.environ.get("TMPDIR")]

    def once(self):
        """One round in this very process."""
        request = self.wire.hear()
        if request is not None:
            self.settle(request)
            if request.get("follow") is not None and request.get("watch") is None:
                Compared(self, request).run()
            else:
                self.play(request["order"], request["from"], request)
            self.wire.say(ended=True, swallowed=SWALLOWED.drain(), notes=sorted(self.remarks))

    def settle(self, request):
        """What differs from round to round, whatever process it runs in."""
        os.environ["TMPDIR"] = request["tmp"]
        tempfile.tempdir = None
        # Examples that an earlier round found would fail at once in this one.
        shutil.rmtree(self.examples, ignore_errors=True)
        self.keep_paths_short(request["tmp"])
        if self.seeding.state is None:
            random.seed(request["seed"])
        else:
            random.setstate(self.seeding.state)
        if hasattr(self.session.config.option, "randomly_seed"):
            self.session.config.option.randomly_seed = request["seed"] % (1 << 32)
        numpy: Any = sys.modules.get("numpy")
        if hasattr(numpy, "random"):
            numpy.random.seed(request["seed"] % (1 << 32))

    def keep_paths_short(self, temporary):
        """Makes `tmp_path` no longer than plain pytest's: the path of a socket has 107 bytes at most."""
        factory = getattr(self.session.config, "_tmp_path_factory", None)
        if factory is not None:
            base = os.path.join(os.path.realpath(temporary), "p")
            os.makedirs(base, mode=0o700, exist_ok=True)
            factory._given_basetemp, factory._basetemp = None, pathlib.Path(base)

    def play(self, order, begin, request):
        """Runs the tests of the order, from a place of it on, and tells how each of them ended."""
        footprint = Footprint()
        ledger = None
        if request.get("ledger") is not None:
            ledger = Ledger(self.session.config, self.probe, request["ledger"])
            self.wire.say(playing=Real.getpid())
            ledger.wait()
        for position in range(begin, len(order)):
            told = self.looked_at(order, position, request, position == begin)
            told.update(footprint.changes())
            if ledger is not None:
                told["held"] = ledger.held(self.case(order[position]).item, told, position + 1 == len(order))
            if self.difference is not None and position + 1 == len(order):
                told["difference"] = cut(self.difference)
            self.wire.say(finished=position, **told)
            if told["outcome"] == "stopped":
                return
            if ledger is not None:
                ledger.wait()

    def case(self, place):
        """What was collected there; nothing else than in other collections may be missing."""
        return MISSING if place is None else self.cases[place]

    def looked_at(self, order, position, request, is_first):
        """Runs the test at a place of the order, and tells what it leaves changed where that is asked for."""
        is_watched = request.get("watch") == position
        if not request.get("marks") and not is_watched:
            return self.step(order, position)
        state = self.marker.state(request["tmp"], is_first)
        if is_watched:
            manager = self.session.config.pluginmanager
            own, *items = [self.case(place).item for place in order[position:]]
            state.fixtures.add_parameters(own, items, state.owners.seen)
            state.files.keep_contents()
            told = state.fixtures.watching(manager, lambda: self.step(order, position))
        else:
            told = self.step(order, position)
        marks = state.marks(self.marker.masked)
        if is_watched and told["outcome"] != "stopped":
            remedy = Remedy(self, state, order, position, request)
            remedy.try_each(marks)
            self.difference = remedy.difference
        elif self.mode == "serve" and told["outcome"] == "passed":
            candidates = self.probed("kept_after_its_loop") or []
            seconds = told.get("micros", 0) / 1e6
            Reuse(self, order[position], marks, seconds, request["deadline"]).judge(told, candidates)
        told["marks"] = [mark.told() for mark in marks]
        return told

    def step(self, order, position):
        """Runs the test at a place of the order."""
        mine = Real.getpid()
        case = self.case(order[position])
        following = self.case(order[position + 1]).item if position + 1 < len(order) else None
        self.wire.say(started=position)
        self.gate.take()
        self.blame.begin(order, position)
        self.probed("begin_case", case.nodeid)
        begun = Real.perf_counter()
        told = self.blame.told(self.one(case, following))
        if Real.getpid() != mine:
            # A test forked, and this is the copy that it forgot to end.
            Real.exit(0)
        told["micros"] = int((Real.perf_counter() - begun) * 1e6)
        told.update((key, found) for key, found in (self.probed("outlived") or {}).items() if found)
        return told

    def probed(self, name, *arguments):
        """What the probe says; `None` if the test removed the working directory or the modules that it needs."""
        try:
            return None if self.probe is None else getattr(self.probe, name)(*arguments)
        except Exception:
            swallowed("Probe.%s" % name)
            return None

    def one(self, case, following):
        self.played = None
        if case.report is not None:
            if case.report.skipped:
                return {"outcome": "skipped", "message": skip_reason(case.report)}
            return dict(describe(case.report), outcome="errored")
        item = case.item
        if following is item:
            # Else pytest would keep its set-up for the second time.
            following = copy.copy(item)
        case.refresh()
        if getattr(item, "_report_sections", None):
            # Else what it wrote the last time would be reported again.
            item._report_sections = []
        for _ in range(MOST_INSTANCES):
            stopped = self.attempt(item, following)
            if stopped is not None:
                return stopped
            if not self.blame.torn_down_before(self.played):
                break
        trial = self.played
        told = trial.outcome()
        if trial.is_tried_again:
            self.remarks.add(TRIED_AGAIN)
        if trial.reports and not trial.is_here:
            self.remarks.add(ELSEWHERE)
        return told

    def attempt(self, item, following):
        """Runs a test; what is told of it if it brought pytest down."""
        self.trial = self.played = Trial()
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
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef):
        self.blame.made(fixturedef)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item, nextitem):
        """Tells how tests end under pytest's own loop."""
        if self.mode != "plain" or self.trial is not None:
            yield
            return
        place = self.places[id(item)]
        self.wire.say(started=place)
        self.gate.take()
        self.ran.append(place)
        self.blame.begin(self.ran, len(self.ran) - 1)
        self.trial = self.played = Trial()
        yield
        for _ in range(MOST_INSTANCES):
            if not self.blame.torn_down_before(self.played):
                break
            self.attempt(item, nextitem)
        self.trial = None
        self.wire.say(finished=place, **self.blame.told(self.played.outcome()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self):
        before, self.signals = self.signals, None
        Real.release_timers(before)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self):
        yield
        if self.signals is None and self.mode != "plain":
            self.signals = Real.hold_timers()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self):
        """A test that has failed is not run again, whatever plugin asks for it: it fails as it did."""
        if self.trial is not None and self.trial.error is not None:
            self.trial.is_tried_again = True
            raise self.trial.error

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        """Notes what failed, and where in the user's code, while the exception is there to be asked."""
        result = yield
        if self.trial is not None:
            self.trial.is_here = True
        if self.trial is None or call.excinfo is None:
            return
        try:
            error = call.excinfo.value
            report = result.get_result()
            if call.when == "call" and report.passed and not hasattr(report, "wasxfail"):
                # Some plugin tried it again, whatever its name: the first attempt is what counts.
                report = pytest.TestReport.from_item_and_call(item, call)
                self.trial.hidden, self.trial.is_tried_again = report, True
            report.identity = identity(error, str(self.session.config.rootpath))
            report.port = note_of_port(error)
            report.fixture = fixture_of(error)
            if report.failed and self.trial.hidden is None and call.when != "teardown":
                # A plugin that tries again changes the report later.
                self.trial.hidden = copy.copy(report)
                self.trial.error = error if call.when == "call" else None
        except Exception:
            swallowed("pytest_runtest_makereport")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        if self.trial is not None:
            self.trial.reports.append(report)


def are_examples_fixed():
    """Whether hypothesis, where the suite uses it, draws examples by the test alone."""
    settings = getattr(sys.modules.get("hypothesis"), "settings", None)
    return bool(getattr(getattr(settings, "default", None), "derandomize", False))


def is_harmless(thread):
    """Whether a thread may be alive when the process forks: a server of pytest-rerunfailures for xdist is not missed."""
    target = getattr(thread, "_target", None)
    return thread is threading.main_thread() or getattr(target, "__module__", None) == "pytest_rerunfailures"

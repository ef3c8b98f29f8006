import asyncio
import gc
import os
import sys
import threading
import types
from typing import Any

import pytest
from steadfast_probe import holders, places, wraps
from steadfast_probe.probe import Probe
from steadfast_probe.resources import Resource, is_bound_to_dead_loop, is_closed
from steadfast_probe.swallowed import SWALLOWED, Swallowed


class Session:
    """As a client session looks from outside."""

    def __init__(self, loop):
        self._loop, self.is_open = loop, True

    @property
    def closed(self):
        return not self.is_open


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def module(monkeypatch):
    module = types.ModuleType("steadfast_shop")
    monkeypatch.setitem(sys.modules, "steadfast_shop", module)
    return module


def test_a_session_is_bound_once_its_loop_is_closed_and_not_before(loop):
    session = Session(loop)
    resource = Resource("client_session", session, "a case", 1)
    assert not is_bound_to_dead_loop(resource)
    loop.close()
    assert is_bound_to_dead_loop(resource)
    session.is_open = False
    assert not is_bound_to_dead_loop(resource)


def test_what_is_bound_is_told_once_with_place_and_holder(loop, module):
    probe = Probe()
    probe.begin_case("a case")
    module.SESSION = Session(loop)
    probe.add("client_session", module.SESSION)
    assert probe.outlived()["loop_bound"] == []
    loop.close()
    (bound,) = probe.outlived()["loop_bound"]
    assert bound["held_by"] == "steadfast_shop: SESSION" and bound["case"] == "a case"
    assert "test_probe.py" in bound["created"][0]
    assert probe.outlived()["loop_bound"] == []


def test_whoever_can_not_be_asked_is_closed_and_counted():
    class Odd:
        @property
        def closed(self):
            raise RuntimeError("no")

    SWALLOWED.drain()
    assert is_closed("client_session", Odd())
    assert SWALLOWED.drain() == {"is_closed: RuntimeError": 1}


def test_a_holder_is_named_from_the_variable_of_a_module_down(module):
    class Client:
        def __init__(self, session):
            self.session = session

    session = Session(None)
    module.CLIENT = Client(session)
    assert holders.holder(session).startswith("steadfast_shop: CLIENT -> ")
    assert holders.holder(session).endswith("Client.session")


def test_places_are_those_of_the_suite_and_not_of_a_library():
    assert "test_probe.py" in places.place()[0]
    assert places.is_of_library(threading.__file__)
    assert not places.is_of_library(__file__)


def test_a_place_is_told_without_the_folder_in_which_the_program_began():
    inside, outside = os.path.join(places.ROOT, "shop", "client.py"), os.path.join(os.sep, "elsewhere", "client.py")
    assert places.texts([(inside, 8, "session")]) == ["%s:8 in session" % os.path.join("shop", "client.py")]
    assert places.texts([(outside, 8, "session")]) == ["%s:8 in session" % outside]


def test_constructors_are_wrapped_when_their_module_is_imported(tmp_path, monkeypatch):
    (tmp_path / "steadfast_library.py").write_text("class Session:\n    def __init__(self): self.closed = False\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    probe = Probe()
    patch = lambda module: wraps.wrap_constructor(probe, module, "Session", "client_session")  # noqa: E731
    finder = wraps.Finder({"steadfast_library": [patch]})
    monkeypatch.setattr(sys, "meta_path", [finder] + sys.meta_path)
    import steadfast_library

    session = steadfast_library.Session()
    assert [resource.thing() for resource in probe.resources] == [session]
    del session
    gc.collect()
    assert probe.resources[0].thing() is None


def test_exceptions_are_counted_by_place_and_kind_until_they_are_told():
    swallowed = Swallowed()
    for error in (KeyError("a"), KeyError("b"), ValueError("c")):
        try:
            raise error
        except Exception:
            swallowed.count("here")
    assert swallowed.drain() == {"here: KeyError": 2, "here: ValueError": 1}
    assert swallowed.drain() == {}


@pytest.mark.skipif(sys.version_info < (3, 10), reason="a lock belongs to the loop that runs where it is made")
def test_what_an_exception_came_from_is_at_fault_and_what_else_is_bound_is_not(monkeypatch):
    # A name that begins as the harness's own would be passed over.
    module: Any = types.ModuleType("probed_shop")
    monkeypatch.setitem(sys.modules, "probed_shop", module)
    probe = Probe()
    module.LOCK, module.OTHER = asyncio.Lock(), asyncio.Lock()

    async def enter(lock):
        async with lock:
            await asyncio.sleep(0)

    async def both(lock):
        await asyncio.gather(enter(lock), enter(lock))

    async def raised(lock):
        try:
            await both(lock)
        except RuntimeError as error:
            return probe.at_fault(error)
        return None

    def run(coroutine):
        loop = asyncio.new_event_loop()
        probe.add("event_loop", loop)
        try:
            return loop.run_until_complete(coroutine)
        finally:
            loop.close()

    probe.begin_case("first")
    run(both(module.LOCK))
    run(both(module.OTHER))
    (bound,) = run(raised(module.LOCK))
    assert bound["held_by"] == "probed_shop.LOCK._loop -> closed loop"
    assert bound["reuse"] == "fails" and "of first" in bound["loop"]
    module.LOCK = asyncio.Lock()
    assert run(raised(module.LOCK)) is None


def test_an_exception_that_has_nothing_to_do_with_loops_accuses_nobody():
    probe = Probe()
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018
    assert probe.at_fault(caught.value) == []

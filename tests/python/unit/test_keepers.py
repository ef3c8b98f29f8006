"""Who keeps what a test leaves, and which containers grow: in a round that accounts for resources."""

import os

import pytest
from kit import Served

SERVICE = """
import asyncio, socket, subprocess, sys, tempfile, threading

KEPT = []
CACHE = {}
FULL = {number: number for number in range(3)}

class Pool:
    def __init__(self): self.threads = []
    def grow(self):
        thread = threading.Thread(target=threading.Event().wait, daemon=True)
        thread.start()
        self.threads.append(thread)

POOL = Pool()

async def work(): await asyncio.sleep(60)
"""

TESTS = """
import asyncio, socket, subprocess, sys, tempfile
import service

def test_thread(): service.POOL.grow()
def test_file(): service.KEPT.append(open(tempfile.gettempdir() + "/kept.log", "w"))
def test_socket(): service.KEPT.append(socket.socket())
def test_process(): service.KEPT.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
def test_cache(): service.CACHE[len(service.CACHE)] = "x"
def test_dropped(): service.work()
def test_lost():
    loop = asyncio.new_event_loop()
    loop.create_task(service.work())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
def test_full_cache(): service.FULL[1] = 2
def test_awaited(): asyncio.run(asyncio.sleep(0))
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """What each test holds in the second of two rows, by its name, and what is told at the end."""
    folder = tmp_path_factory.mktemp("keepers")
    with Served(folder, {"service.py": SERVICE, "test_service.py": TESTS}) as served:
        names = [case["id"].partition("::")[2] for case in served.collected["cases"]]
        order = list(range(len(names))) * 2
        gate = str(folder / "gate")
        os.mkfifo(gate)
        # Whoever waits there may pass, each time.
        opened = os.open(gate, os.O_RDWR)
        os.write(opened, b"." * (len(order) + 1))
        told = served.finished(order, ledger={"gate": gate, "collect": True})
        os.close(opened)
        assert [one["outcome"] for one in told] == ["passed"] * len(order), told
        yield {name: one["held"] for name, one in zip(names, told[len(names) :])}


def keepers(pairs):
    return {known[2] for _, known in pairs}


def test_each_kind_of_thing_is_kept_by_a_variable(held):
    last = held["test_awaited"]
    assert keepers(last["threads"]) == {"service.POOL.threads"}
    assert keepers(last["processes"]) == {"service.KEPT"}
    assert "service.KEPT" in keepers(last["sockets"])
    assert "service.KEPT" in keepers(last["descriptors"]), last["descriptors"]


def test_containers_that_grow_are_named_and_others_are_not(held):
    assert held["test_cache"]["grown"] == ["service.CACHE, which holds 2 entries and held 0"]
    assert held["test_full_cache"]["grown"] == []


def test_lost_tasks_and_coroutines_that_nobody_awaited_add_up(held):
    names = [known[0] for _, known in held["test_awaited"]["tasks"]]
    assert names.count("coroutine work, which nobody awaited") == 2, names
    assert names.count("work, pending when its event loop was closed") == 2, names

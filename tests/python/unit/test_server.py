import os
import signal

import pytest
from steadfast_pytest import server
from steadfast_pytest.server import End, code_of, kill_group, stack_signals

PLATFORMS = {"its own": [], "without pidfd": ["pidfd_open"], "without pidfd and waitid": ["pidfd_open", "waitid"]}


@pytest.fixture(params=sorted(PLATFORMS))
def platform(request, monkeypatch):
    """What the platform lacks is taken away, also where it has it."""
    for name in PLATFORMS[request.param]:
        monkeypatch.delattr(os, name, raising=False)


def child(code):
    """A child that ends when its pipe does; its id and the pipe."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.close(writing)
        os.read(reading, 1)
        os._exit(code)
    os.close(reading)
    return pid, writing


def waited(end):
    while not end.has_come():
        pass
    end.close()
    return end.how()


def test_a_child_that_ends_is_told_with_its_code(platform):
    pid, pipe = child(3)
    end = End(pid)
    assert not end.has_come()
    os.close(pipe)
    assert waited(end) == "it ended with exit code 3"


def test_a_child_that_is_killed_is_told_with_the_signal(platform):
    pid, pipe = child(0)
    os.kill(pid, signal.SIGKILL)
    assert waited(End(pid)) == "it was killed by SIGKILL"
    os.close(pipe)
    kill_group(pid)


def test_an_exit_code_is_read_from_a_status():
    assert code_of(3 << 8) == 3
    assert code_of(signal.SIGTERM) == -signal.SIGTERM


def test_stacks_are_asked_for_by_signals_that_the_platform_has(monkeypatch):
    for lacking in ("nothing", "SIGRTMAX", "SIGINFO", "SIGUSR1"):
        monkeypatch.delattr(signal, lacking, raising=False)
        numbers = [number for number in stack_signals() if number is not None]
        assert len(set(numbers)) == len(numbers), lacking
        for number in numbers:
            assert signal.getsignal(number) in (signal.SIG_DFL, signal.SIG_IGN, None), lacking
    monkeypatch.delattr(signal, "SIGUSR2")
    assert server.stack_signals() == (None, None)

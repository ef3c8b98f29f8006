import json
import os

import pytest
from steadfast_pytest import wire as wires
from steadfast_pytest.wire import Gate, Wire, moved


@pytest.fixture
def pipes():
    """A wire, with the other ends of its two pipes."""
    requests, to_it = os.pipe()
    from_it, replies = os.pipe()
    yield Wire(requests, replies), to_it, from_it
    for descriptor in (requests, from_it, replies):
        os.close(descriptor)


def test_messages_are_lines_of_json_in_both_directions(pipes):
    wire, to_it, from_it = pipes
    os.write(to_it, b'{"order": [1, null]}\n{"hang"')
    assert wire.hear() == {"order": [1, None]}
    os.write(to_it, b": true}\n")
    os.close(to_it)
    assert wire.hear() == {"hang": True}
    assert wire.hear() is None
    wire.say(started=3)
    assert json.loads(os.read(from_it, 100).decode()) == {"started": 3}


def test_a_process_that_a_test_forked_says_nothing(pipes):
    wire, to_it, from_it = pipes
    os.close(to_it)
    wire.owner = -1
    wire.say(started=0)
    wire.owner = os.getpid()
    wire.say(ended=True)
    assert json.loads(os.read(from_it, 100).decode()) == {"ended": True}


def test_moved_descriptors_are_not_inherited(monkeypatch):
    for platform in ("its own", "one without fcntl"):
        reading, writing = os.pipe()
        copy = moved(reading)
        assert not os.get_inheritable(copy), platform
        os.write(writing, b"x")
        assert os.read(copy, 1) == b"x", platform
        for descriptor in (reading, writing, copy):
            os.close(descriptor)
        monkeypatch.setattr(wires, "fcntl", None)


def test_a_gate_takes_a_byte_and_none_where_there_is_none(tmp_path):
    path = tmp_path / "gate"
    path.write_bytes(b"..")
    Gate(str(path)).take()
    Gate(None).take()

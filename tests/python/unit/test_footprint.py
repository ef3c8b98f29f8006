import os
import sys
import types

from steadfast_probe.swallowed import SWALLOWED
from steadfast_pytest.footprint import Footprint, differing


def test_what_changes_is_told_once_and_told_again_when_it_is_put_back(monkeypatch, tmp_path):
    footprint = Footprint()
    assert footprint.changes() == {}
    monkeypatch.setenv("STEADFAST_X", "1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "steadfast_made_up", types.ModuleType("made_up"))
    made = footprint.changes()["dirt"]["made"]
    assert made == ["environment variable STEADFAST_X", "loads steadfast_made_up", "working directory"]
    assert footprint.changes() == {}
    monkeypatch.undo()
    assert footprint.changes()["dirt"]["cleaned"] == ["environment variable STEADFAST_X", "working directory"]


def test_a_folder_that_is_gone_is_a_change_and_no_error(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    footprint = Footprint()
    os.rmdir(str(folder))
    assert footprint.changes()["dirt"]["made"] == ["working directory"]


def test_a_module_that_can_not_be_compared_is_counted(monkeypatch):
    class Odd:
        def __eq__(self, other):
            raise RuntimeError("no")

    footprint = Footprint()
    footprint.modules.append(Odd())
    monkeypatch.setitem(sys.modules, "steadfast_odd", Odd())
    SWALLOWED.drain()
    assert not footprint.is_unchanged()
    assert SWALLOWED.drain() == {"Footprint.is_unchanged: RuntimeError": 1}


def test_equal_texts_do_not_differ_and_equal_lists_do():
    text = "".join(["a", "b"])
    assert list(differing({"x": "ab"}, {"x": text})) == []
    assert list(differing({"x": [1]}, {"x": [1]})) == ["x"]

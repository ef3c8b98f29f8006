"""Runs a pytest suite for steadfast: collects it once and plays orders of its tests, each in a forked child.

The harness starts `python -m pytest -p steadfast_pytest …` and speaks with it over the process's standard input and
output, JSON, one message per line. Both are taken away from them before anything of the suite runs. Nothing here is
needed by the suite, and all traces of it are removed from the environment that the tests see. Python 3.8, pytest 7.0
and the standard library are enough.

In:   {"order": [2, 0, null], "from": 0, "seed": 7, "tmp": "DIR", "deadline": 30.0, "watch": 0}   one round
      the same with "walk": 1       after how many of the order's first cases what follows them begins to fail
      the same with "ledger": {"gate": "PIPE", "collect": true}  before the first test and after each one it waits there
      {"hang": true}                                             the running test is overdue: say where it is, end it
Out:  {"collected": {...}}  {"playing": PID}  {"started": 0}  {"finished": 0, ...}  {"dead": "..."}
      {"ended": true, "swallowed": {"PLACE: EXCEPTION": 1}, "notes": ["..."]}
                                                   the round, with what went wrong in watching it, and what is to be known
"""

import os
import sys
import traceback

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""The folder that PYTHONPATH names."""

OWN_ARGUMENTS = 5
"""How many arguments of the command line are the harness's."""


def take_from_environment(name):
    return os.environ.pop(name, None)


def restore_environment():
    """Takes the traces of this package out of what the tests see. Everything of it must be imported by then."""
    path = take_from_environment("STEADFAST_PYTEST_PATH")
    if path is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = path
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HOME]
    # A program that is tested reads its arguments there: those that come first are the harness's.
    if sys.argv[1:3] == ["-p", __name__]:
        del sys.argv[1 : 1 + OWN_ARGUMENTS]


def install_probe(mode):
    """Watches from before the suite's first import. A plain run is left plain: it is what others are compared with."""
    if mode not in ("serve", "once"):
        return None
    try:
        import steadfast_probe

        return steadfast_probe.install()
    except Exception:
        traceback.print_exc()
        return None


def pytest_configure(config):
    """The hooks are those of the object that was made when this package was loaded."""


if "STEADFAST_PYTEST_MODE" in os.environ:
    from .plugin import Plugin
    from .wire import Gate, Wire

    _MODE = os.environ.pop("STEADFAST_PYTEST_MODE")
    _PLUGIN = Plugin(
        Wire.of_standard_streams(),
        _MODE,
        Gate(take_from_environment("STEADFAST_PYTEST_GATE")),
        install_probe(_MODE),
        take_from_environment("STEADFAST_PYTEST_OUTPUTS"),
    )
    restore_environment()

    def pytest_addoption(parser, pluginmanager):
        """The earliest hook: from here on the plugin's own hooks are heard."""
        pluginmanager.register(_PLUGIN, "steadfast")

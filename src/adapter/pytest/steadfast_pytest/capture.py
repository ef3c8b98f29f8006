"""Files of its own for what a forked child writes."""

import os
import tempfile
from typing import Any, List


def unshare_capture(config):
    """Children that share the files of pytest's capture lose text. The objects stay the same, since the suite may hold
    them: `sys.stdout` as a parameter, or in the handler of a logger."""
    manager = config.pluginmanager.getplugin("capturemanager")
    capturing = getattr(manager, "_global_capturing", None)
    streams: List[Any] = [getattr(capturing, name, None) for name in ("out", "err")]
    for one in streams:
        try:
            shared = one.tmpfile.fileno()
        except (AttributeError, OSError, ValueError):
            # Not captured, or in memory.
            continue
        with tempfile.TemporaryFile(buffering=0) as own:
            os.dup2(own.fileno(), shared)
        if getattr(one, "_state", None) == "started":
            os.dup2(shared, one.targetfd)

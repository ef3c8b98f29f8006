"""Files of its own for what a forked child writes."""

import os
import tempfile
from typing import Any, List

from .real import Real


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
        own = nameless_file()
        os.dup2(own, shared)
        Real.close(own)
        if getattr(one, "_state", None) == "started":
            os.dup2(shared, one.targetfd)


def nameless_file():
    """The descriptor of a new file without a name, made with nothing that a test may have replaced."""
    folder = os.environ.get("TMPDIR") or "/tmp"
    path = "%s/.capture-%d-%d" % (folder, Real.getpid(), int(Real.monotonic() * 1e9))
    try:
        descriptor = Real.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError:
        # A test took the folder away or named another one.
        with tempfile.TemporaryFile(buffering=0) as file:
            return os.dup(file.fileno())
    Real.unlink(path)
    return descriptor

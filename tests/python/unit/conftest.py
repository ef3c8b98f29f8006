"""Puts the embedded packages on the path, wherever they stand in the source tree."""

import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[3] / "src"
PACKAGES = ("steadfast_pytest", "steadfast_probe", "steadfast_state")
FOLDERS = [str(next(SOURCES.glob("**/%s/__init__.py" % name)).parents[1]) for name in PACKAGES]
sys.path[:0] = FOLDERS

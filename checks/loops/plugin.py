"""What the pytest plugin alone says of a suite of three tests: each alone, all of them, and the first watched before the second.

Run by `checks/libraries --plugin` with the Python of the libraries: `plugin.py FOLDER` prints it as JSON.
"""

import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/python/unit"))
from kit import Served  # noqa: E402


def main():
    folder = pathlib.Path(sys.argv[1])
    files = {path.name: path.read_text() for path in folder.glob("*.py")}
    with tempfile.TemporaryDirectory() as scratch, Served(pathlib.Path(scratch), files) as served:
        places = range(len(served.collected["cases"]))
        told = {
            "alone": [served.finished([place], marks=True)[0] for place in places],
            "all": served.finished(list(places)),
            "watched": served.finished([0, 1], watch=0),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

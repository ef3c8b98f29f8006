#!/usr/bin/env python3
"""Runs suites whose truth is known with many seeds, each on a copy of its own, and prints what was said wrongly.

    checks/verdicts/run.py PROGRAM --python PYTHON [--seeds 10] [--only NAME ...] [--jobs 2] [--busy] [--ci]

PYTHON has pytest, and the plugins of tests/plugins/requirements.txt. `known.py` has suites that were once judged wrongly,
`variants.py` others that resemble them,
`strangers.py` others that resemble nothing here, `others.py` those of other runners (Jest needs a folder with node_modules:
--modules). Each run must make or change nothing beside the tests. `--busy` keeps every core
busy meanwhile, `--ci` sets CI, by which some plugins change what they do. Run by hand: ten seeds of all take an hour.
"""

import argparse
import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from expected import faults  # noqa: E402
from known import KNOWN  # noqa: E402
from others import OTHERS  # noqa: E402
from strangers import STRANGERS  # noqa: E402
from variants import VARIANTS  # noqa: E402

SUITES = KNOWN | VARIANTS | STRANGERS | OTHERS


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


def contents(folder):
    made_by_us = ("reports", "a-folder-for-reports-with-quite-a-long-name", ".steadfast", ".pytest_cache")
    files = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] not in (*made_by_us, "node_modules") and "__pycache__" not in parts:
            files["/".join(parts)] = path.read_bytes()
    return files


def selection(suite, python):
    """The arguments that choose the suite."""
    if suite.runner == "pytest":
        return ["--suite", f"pytest:{suite.folder}", "--python", python]
    return ["--suite", suite.runner, *(["--python", python] if suite.runner == "unittest" else [])]


def run(program, python, modules, name, seed, in_ci, limit):
    suite = SUITES[name] if limit is None else SUITES[name].within(limit)
    outside = f"/tmp/steadfast-verdicts-{os.getpid()}-{name.replace('/', '-')}-{seed}"
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="verdicts-") as made:
        folder = pathlib.Path(made)
        for file, text in suite.files.items():
            path = folder / suite.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("{port}", str(free_port())).replace("{outside}", outside))
        if suite.runner == "jest":
            (folder / "node_modules").symlink_to(modules)
        before = contents(folder)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("STEADFAST_", "PYTEST_", "CI", "GITHUB_"))}
        environment |= {"CI": "true"} if in_ci else {}
        command = [program, "run", *selection(suite, python), "--seed", str(seed), "--no-leaks", "--no-history", *suite.arguments]
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1800)
        report = next(iter(folder.glob("**/latest/report.json")), None)
        report = json.loads(report.read_text()) if report else None
        wrong = faults(suite, report, ended.returncode)
        after = contents(folder)
        wrong += [f"{file} was made or changed" for file in after if after[file] != before.get(file) and pathlib.Path(file).name not in suite.leaves]
        if wrong:
            kept = pathlib.Path(tempfile.gettempdir()) / "verdicts-wrong" / f"{name.replace('/', '-')}-{seed}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept, symlinks=True)
            (kept / "printed.txt").write_text(ended.stdout + ended.stderr)
            wrong.append(f"see {kept}")
    pathlib.Path(outside).unlink(missing_ok=True)
    return wrong, time.monotonic() - begun


def spin(until):
    while time.monotonic() < until.value:
        sum(range(10_000))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("--python", required=True)
    arguments.add_argument("--modules", type=pathlib.Path, help="a folder of node_modules that has Jest")
    arguments.add_argument("--seeds", type=int, default=10)
    arguments.add_argument("--first", type=int, default=1)
    arguments.add_argument("--only", nargs="*")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--busy", action="store_true")
    arguments.add_argument("--ci", action="store_true")
    arguments.add_argument("--max-time", help="gives each run so little time, as 10s: nobody may be accused of what is not proven")
    chosen = arguments.parse_args()
    names = [name for name in SUITES if not chosen.only or any(name.startswith(only) for only in chosen.only)]
    has = subprocess.run([chosen.python, "-c", "import pkgutil; print(*(m.name for m in pkgutil.iter_modules()))"], capture_output=True, text=True, check=True).stdout.split()
    for name in [name for name in names if not set(SUITES[name].needs) <= set(has)]:
        print(f"{name}: left out, {', '.join(SUITES[name].needs)} is missing")
        names.remove(name)
    for name in [name for name in names if SUITES[name].runner == "jest" and not chosen.modules]:
        print(f"{name}: left out, --modules is missing")
        names.remove(name)
    until = multiprocessing.Value("d", time.monotonic() + (86_400 if chosen.busy else 0))
    load = [multiprocessing.Process(target=spin, args=(until,), daemon=True) for _ in range(os.cpu_count() or 1)] if chosen.busy else []
    for process in load:
        process.start()
    program = str(chosen.program.resolve())
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    all_right = True
    print(f"{'suite':<26} {'right':>8} {'seconds':>8}")
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        asked = {name: [(seed, pool.submit(run, program, chosen.python, chosen.modules, name, seed, chosen.ci, chosen.max_time)) for seed in seeds] for name in names}
        for name, runs in asked.items():
            ended = [(seed, *one.result()) for seed, one in runs]
            right = sum(not wrong for _, wrong, _ in ended)
            all_right &= right == len(ended)
            print(f"{name:<26} {right:>3} of {len(ended):<2} {sum(took for *_, took in ended) / len(ended):>7.1f}", flush=True)
            for seed, wrong, _ in ended:
                for line in wrong:
                    print(f"  seed {seed}: {line}", flush=True)
    until.value = 0
    for process in load:
        process.join()
    return 0 if all_right else 1


if __name__ == "__main__":
    sys.exit(main())

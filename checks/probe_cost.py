#!/usr/bin/env python3
"""What watching costs a suite without findings: CPU time of the same rounds with the probe and without it, in turns.

    python checks/probe_cost.py [ROUNDS]

The suite has tests that make event loops, tasks, transports, threads and executors, which is what the probe watches, and
tests that do none of that. Exits with 1 if the median of the rounds with the probe costs over 3 % more.
"""

import os
import pathlib
import shutil
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/python/unit"))
import kit  # noqa: E402

AGAIN = 8
"""How often a round plays the suite: the clock of processes counts in hundredths of a second."""

MOST = 3.0
"""Percent."""

TESTS = """
import asyncio, concurrent.futures, json, threading
import pytest

async def talk():
    async def answer(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"hello\\n")
    assert await reader.readline() == b"hello\\n"
    writer.close()
    await writer.wait_closed()
    server.close()

async def gather():
    await asyncio.gather(*(asyncio.sleep(0) for _ in range(200)))

@pytest.mark.parametrize("number", range(30))
def test_talks(number): asyncio.run(talk())

@pytest.mark.parametrize("number", range(30))
def test_gathers(number): asyncio.run(gather())

@pytest.mark.parametrize("number", range(30))
def test_threads(number):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(str, range(20)))
    thread = threading.Thread(target=json.dumps, args=([],))
    thread.start()
    thread.join()

@pytest.mark.parametrize("number", range(110))
def test_computes(number):
    assert json.loads(json.dumps({str(one): [one] * 5 for one in range(600)}))["7"] == [7] * 5
"""


def spent(pid):
    """CPU time of a process and of the children that it waited for, in seconds."""
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def without_probe(folder):
    """A folder with the probe's package, whose `install` watches nothing."""
    package = pathlib.Path(next(place for place in kit.FOLDERS if os.path.isdir(os.path.join(place, "steadfast_probe"))))
    shutil.copytree(str(package / "steadfast_probe"), str(folder / "steadfast_probe"))
    (folder / "steadfast_probe" / "__init__.py").write_text("def install():\n    return None\n")
    return str(folder)


def served(folder, folders):
    folder.mkdir()
    kit.FOLDERS = folders
    return kit.Served(folder, {"test_all.py": TESTS})


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    kit.PATIENCE = 3600
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        known = list(kit.FOLDERS)
        without = [without_probe(scratch / "stub")] + known
        with served(scratch / "with", known) as watched, served(scratch / "without", without) as plain:
            costs = {watched: [], plain: []}
            for number in range(rounds + 1):
                for each in (watched, plain) if number % 2 else (plain, watched):
                    begun = spent(each.process.pid)
                    ended = each.finished(list(range(len(each.collected["cases"]))) * AGAIN, deadline=600.0)
                    assert all(told["outcome"] == "passed" for told in ended), ended
                    if number > 0:
                        costs[each].append(spent(each.process.pid) - begun)
    one, other = statistics.median(costs[watched]), statistics.median(costs[plain])
    pairs = [100 * (a / b - 1) for a, b in zip(costs[watched], costs[plain])]
    more = statistics.median(pairs)
    print("%.2f s of CPU a round with the probe, %.2f s without: %+.1f %% (quartiles %s)" % (
        one, other, more, ", ".join("%+.1f" % quartile for quartile in statistics.quantiles(pairs, n=4))))
    return 0 if more <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What a round costs over the plain run of a suite of 300 tests in 10 files, by runner.

    benches/runner_rounds.py PROGRAM [RUNNER...]     PROGRAM is a built steadfast; NODE_MODULES names packages for the runners of JavaScript

Prints a row each: the fastest of three plain runs, the fastest round in declared order and the fastest shuffled one, in
seconds, and both over the plain run. Other work on the machine makes each of them slower, the fastest ones least.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES, TESTS, RUNS = 10, 30, 3
NPX = ["npx", "--no-install"]


def each(text):
    """The tests of a file, as `text` writes one."""
    return "".join(text(test) for test in range(TESTS))


def javascript(head, ending, folder=""):
    def text(number):
        tests = each(lambda test: f"  it('adds {test}', () => {{ assert.strictEqual({test} + 1, {test + 1}); }});\n")
        return f"{head}describe('group {number}', () => {{\n{tests}}});\n"
    return lambda number: (f"{folder}t{number}{ending}", text(number))


def python(number):
    tests = each(lambda test: f"    def test_adds_{test}(self):\n        self.assertEqual({test} + 1, {test + 1})\n")
    return f"tests/test_{number}.py", f"import unittest\nclass Group{number}(unittest.TestCase):\n{tests}"


def rspec(number):
    tests = each(lambda test: f"  it('adds {test}') {{ expect({test} + 1).to eq({test + 1}) }}\n")
    return f"spec/t{number}_spec.rb", f"RSpec.describe 'group {number}' do\n{tests}end\n"


def minitest(number):
    tests = each(lambda test: f"  def test_adds_{test} = assert_equal({test + 1}, {test} + 1)\n")
    return f"test/t{number}_test.rb", f"require 'minitest/autorun'\nclass Group{number}Test < Minitest::Test\n{tests}end\n"


def phpunit(number):
    tests = each(lambda test: f"  public function testAdds{test}(): void {{ $this->assertSame({test + 1}, {test} + 1); }}\n")
    return f"tests/Group{number}Test.php", f"<?php\nfinal class Group{number}Test extends PHPUnit\\Framework\\TestCase {{\n{tests}}}\n"


def go(number):
    tests = each(lambda test: f"func TestAdds{number}x{test}(t *testing.T) {{ if {test}+1 != {test + 1} {{ t.Fatal() }} }}\n")
    return f"t{number}_test.go", f'package shop\n\nimport "testing"\n\n{tests}'


def cargo(number):
    tests = each(lambda test: f"    #[test]\n    fn adds_{test}() {{ assert_eq!({test} + 1, {test + 1}); }}\n")
    return f"src/t{number}.rs", f"#[cfg(test)]\nmod tests {{\n{tests}}}\n"


def gtest(number):
    tests = each(lambda test: f"TEST(Group{number}, Adds{test}) {{ EXPECT_EQ({test} + 1, {test + 1}); }}\n")
    return f"t{number}.cc", f"#include <gtest/gtest.h>\n{tests}"


REQUIRE = "const assert = require('node:assert');\n"
RUNNERS = {
    "jest": (javascript(REQUIRE, ".test.js"), [*NPX, "jest", "--ci", "-i"], {}, 1.3),
    "vitest": (javascript("import assert from 'node:assert';\nimport { describe, it } from 'vitest';\n", ".test.js"), [*NPX, "vitest", "run", "--no-file-parallelism"], {}, 1.3),
    "mocha": (javascript(REQUIRE, ".js", "test/"), [*NPX, "mocha"], {}, 1.3),
    "node": (javascript(REQUIRE + "const { describe, it } = require('node:test');\n", ".test.js", "test/"), ["node", "--test", "test/"], {}, 1.3),
    "rspec": (rspec, ["rspec"], {}, 1.3),
    "minitest": (minitest, ["ruby", "-Itest", "-e", "Dir['./test/*_test.rb'].sort.each { |file| require file }"], {}, 1.3),
    "unittest": (python, ["python3", "-m", "unittest"], {"tests/__init__.py": ""}, 1.3),
    "phpunit": (phpunit, ["phpunit", "tests"], {}, 1.3),
    "go-test": (go, ["go", "test", "-count=1", "./..."], {"go.mod": "module example.org/shop\n\ngo 1.19\n"}, 2.0),
    "cargo": (cargo, ["cargo", "test"], {"Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n', "src/lib.rs": "".join(f"mod t{number};\n" for number in range(FILES))}, 2.0),
    "gtest": (gtest, ["./tests"], {}, 2.0, "g++ -std=c++17 t*.cc -lgtest -lgtest_main -lpthread -o tests"),
}


def timed(command, folder):
    began = time.monotonic()
    subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=600)
    return time.monotonic() - began


def rounds(program, runner, folder, order, arguments):
    command = [program, "run", "--suite", runner, "--seed", "1", "--orders", order, "--rounds", str(RUNS), "--no-history", "--no-alone", "--no-leaks", "--effort", "quick", *arguments]
    subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=1200)
    journal = [json.loads(line)["event"] for line in (folder / "reports/latest/events.jsonl").read_text().splitlines()]
    kinds = {event["round_started"]["round"]: event["round_started"].get("kind") for event in journal if "round_started" in event}
    ended = [event["round_finished"] for event in journal if "round_finished" in event]
    return min((one["millis"] / 1000 for one in ended if kinds.get(one["round"]) == order), default=None)


def measured(program, runner):
    write, plain, more, limit, *build = RUNNERS[runner]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, text in [*(write(number) for number in range(FILES)), *more.items(), ("package.json", '{"private": true}')]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        if os.environ.get("NODE_MODULES"):
            (folder / "node_modules").symlink_to(os.environ["NODE_MODULES"])
        for command in build:
            subprocess.run(command, cwd=folder, shell=True, check=True)
        timed(plain, folder)
        alone = min(timed(plain, folder) for _ in range(RUNS))
        declared, shuffled = (rounds(program, runner, folder, order, ["--", *plain] if build else []) for order in ("declared", "shuffle"))
        alone = min(alone, *(timed(plain, folder) for _ in range(RUNS)))
    over = lambda took: "" if took is None else f"{took / alone:.2f}"
    seconds = lambda took: "" if took is None else f"{took:.2f}"
    return f"| {runner} | {seconds(alone)} | {seconds(declared)} | {over(declared)} | {seconds(shuffled)} | {over(shuffled)} | {limit} |"


def main():
    program, *chosen = sys.argv[1:]
    program = str(Path(program).resolve())
    print("| runner | plain run, s | declared round, s | over it | shuffled round, s | over it | at most |\n| --- | --- | --- | --- | --- | --- | --- |")
    for runner in chosen or RUNNERS:
        print(measured(program, runner), flush=True)


if __name__ == "__main__":
    main()

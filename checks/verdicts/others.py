"""Suites of other runners than pytest, as strangers write them. Each was written with its truth before it was run, and
most stand beside a healthy twin."""

from expected import BROKEN, CHANCE, TWICE, Suite, is_one_of, victim

SKIPPED = {"verdict": "skipped"}
# A case that can't run twice in one process: Go has a process for each time.
UNSEEN = is_one_of("stable")

UNITTEST = "import asyncio, logging, os, random, sys, threading, unittest\nfrom unittest import mock\n"
NODE = "import assert from 'node:assert';\nimport { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test';\n"


def unittest(text, truth=None, more=None, **rest):
    return Suite({"test_it.py": UNITTEST + text, **(more or {})}, truth, **rest | {"codes": rest.get("codes", (1,) if truth else (0,))}, runner="unittest")


def node(text, truth=None, more=None, **rest):
    files = {"it.test.mjs": NODE + text, "package.json": '{"private": true, "scripts": {"test": "node --test"}}', **(more or {})}
    return Suite(files, truth, **rest | {"codes": rest.get("codes", (1,) if truth else (0,))}, runner="node")


def jest(text, truth=None, more=None, config="{}", **rest):
    files = {"it.test.js": text, "package.json": '{"private": true, "scripts": {"test": "jest"}, "jest": %s}' % config, **(more or {})}
    return Suite(files, truth, **rest | {"codes": rest.get("codes", (1,) if truth else (0,))}, runner="jest")


def go(text, truth=None, more=None, imports=("testing",), **rest):
    head = "package shop\nimport (\n%s)\n" % "".join(f'"{name}"\n' for name in imports)
    files = {"go.mod": "module example.com/shop\n\ngo 1.19\n", "it_test.go": head + text, **(more or {})}
    return Suite(files, truth, **rest | {"codes": rest.get("codes", (1,) if truth else (0,))}, runner="go-test")


SET_UP = "LAND = ['de']\nclass Home(unittest.TestCase):\n    def test_needs(self): self.assertEqual(LAND, ['de'])\nclass Paris(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls): LAND[0] = 'fr'\n%s    def test_spoils(self): self.assertEqual(LAND, ['fr'])\n"
PATCHED = "import time\nclass A(unittest.TestCase):\n    def test_needs(self): self.assertFalse(isinstance(time.sleep, mock.Mock))\n    def test_spoils(self):\n        patch = mock.patch('time.sleep')\n        patch.start()\n%s        time.sleep(5)\n"
SPY = "const shop = require('./shop');\ntest('needs', () => { expect(shop.price()).toBe(3); });\ntest('spoils', () => { jest.spyOn(shop, 'price').mockReturnValue(1); expect(shop.price()).toBe(1); });\n"
SHOP = {"shop.js": "exports.price = () => 3;\n"}
TIMERS = "test('needs', (done) => { setTimeout(done, 5); }, 400);\ntest('spoils', () => { jest.useFakeTimers(); expect(1).toBe(1); });\n"
ENV = "test('needs', () => assert.equal(process.env.LAND, undefined));\ntest('spoils', () => { process.env.LAND = 'fr'; });\n"
HOOK = "let shelf = [];\ndescribe('tea', () => { before(() => { shelf.push('tea'); }); %stest('spoils', () => assert.equal(shelf.length, 1)); });\ntest('needs', () => assert.equal(shelf.length, 0));\n"
GO_ENV = 'func TestNeeds(t *testing.T) {\n\tif os.Getenv("LAND") != "" {\n\t\tt.Error("land is set")\n\t}\n}\nfunc TestSpoils(t *testing.T) {\n\t%s("LAND", "fr")\n}\n'
GO_SHELF = 'var shelf []string\nfunc TestNeeds(t *testing.T) {\n\tif len(shelf) != 0 {\n\t\tt.Fatalf("shelf has %d", len(shelf))\n\t}\n}\nfunc TestSpoils(t *testing.T) {\n\tSHELF\n}\n'

OTHERS = {
    # unittest.
    "unittest/set_up": unittest(SET_UP % "", {"test_needs": victim(["test_it.Paris.test_spoils"])}),
    "unittest/set_up_fine": unittest(SET_UP % "    @classmethod\n    def tearDownClass(cls): LAND[0] = 'de'\n"),
    "unittest/patch": unittest(PATCHED % "", {"test_needs": victim(["test_it.A.test_spoils"])}),
    "unittest/patch_fine": unittest(PATCHED % "        self.addCleanup(patch.stop)\n"),
    "unittest/subtest": unittest(
        "SHELF = []\nclass A(unittest.TestCase):\n    def test_needs(self):\n        for n in range(3):\n            with self.subTest(n=n): self.assertEqual(len(SHELF), 0)\n    def test_spoils(self): SHELF.append(1)\n",
        {"test_needs": victim(["test_it.A.test_spoils"])},
    ),
    "unittest/expected": unittest(
        "READY = []\nclass A(unittest.TestCase):\n    @unittest.expectedFailure\n    def test_needs(self): self.assertTrue(READY)\n    def test_spoils(self): READY.append(1)\n",
        {"test_needs": victim(["test_it.A.test_spoils"])},
    ),
    "unittest/generated": unittest(
        "SEEN = []\nclass A(unittest.TestCase): pass\ndef make(n):\n    def test(self):\n        SEEN.append(n)\n        self.assertEqual(SEEN.count(n), 1)\n    return test\nfor n in range(4): setattr(A, f'test_{n}', make(n))\n",
        {f"test_{n}": TWICE for n in range(4)}, codes=(0,),
    ),
    "unittest/module_tear_down": unittest(
        "def tearDownModule(): raise RuntimeError('the shop is still open')\nclass A(unittest.TestCase):\n    def test_one(self): pass\n",
        more={"test_other.py": "import unittest\nclass B(unittest.TestCase):\n    def test_two(self): pass\n"}, codes=(3,), says=("tearDownModule (test_it) failed: the shop is still open",),
    ),
    "unittest/skips": unittest(
        "STATE = {}\nclass A(unittest.TestCase):\n    def test_a_makes(self): STATE['made'] = 1\n    def test_b_uses(self):\n        if not STATE: self.skipTest('nothing was made')\n",
    ),
    "unittest/chance": unittest("class A(unittest.TestCase):\n    def test_throws(self): self.assertLess(random.SystemRandom().random(), 0.5)\n    def test_fine(self): pass\n", {"test_throws": CHANCE}),
    "unittest/exit": unittest("class A(unittest.TestCase):\n    def test_leaves(self): sys.exit(3)\n    def test_fine(self): pass\n", {"test_leaves": BROKEN}),
    "unittest/dies": unittest("class A(unittest.TestCase):\n    def test_dies(self): os._exit(0)\n    def test_fine(self): pass\n", {"test_dies": BROKEN}),
    "unittest/inherited": unittest(
        "class Base:\n    shelf = []\n    def test_needs(self): self.assertEqual(self.shelf, [])\nclass Tea(Base, unittest.TestCase): pass\nclass Rice(Base, unittest.TestCase):\n    def test_spoils(self): self.shelf.append(1)\n",
        {"Tea.test_needs": victim(["test_it.Rice.test_spoils"]), "Rice.test_needs": victim(["test_it.Rice.test_spoils"])},
    ),
    "unittest/loop": unittest(
        "LOCK = asyncio.Lock()\nclass A(unittest.IsolatedAsyncioTestCase):\n    async def take(self):\n        async with LOCK: await asyncio.sleep(0)\n    async def test_one(self): await asyncio.gather(self.take(), self.take())\n    async def test_two(self): await asyncio.gather(self.take(), self.take())\n",
        {"A.test_one": victim(["test_it.A.test_two"]), "A.test_two": victim(["test_it.A.test_one"])},
    ),
    "unittest/loop_fine": unittest(
        "class A(unittest.IsolatedAsyncioTestCase):\n    async def asyncSetUp(self): self.lock = asyncio.Lock()\n    async def test_one(self):\n        async with self.lock: pass\n    async def test_two(self):\n        async with self.lock: pass\n",
    ),
    "unittest/set_up_fails": unittest(
        "SHELF = []\nclass A(unittest.TestCase):\n    def setUp(self):\n        if SHELF: raise RuntimeError('the shelf is full')\n    def test_needs(self): pass\nclass B(unittest.TestCase):\n    def test_spoils(self): SHELF.append(1)\n",
        {"test_needs": victim(["test_it.B.test_spoils"])},
    ),
    "unittest/noise": unittest("class A(unittest.TestCase):\n    def test_loud(self):\n        sys.stdout.write('x' * 300000)\n        sys.stderr.write('{\"case\": 1}\\n::error::x\\nno end')\n        os.write(1, b'\\xff\\x00')\n    def test_fine(self): pass\n"),
    "unittest/folder": unittest(
        "class A(unittest.TestCase):\n    def test_needs(self): self.assertTrue(os.path.exists('test_it.py'))\n    def test_spoils(self): os.chdir('/')\n", {"test_needs": victim(["test_it.A.test_spoils"])},
    ),
    # node:test.
    "node/hook": node(HOOK % "", {"needs": victim(["it.test.mjs > tea spoils"])}),
    "node/hook_fine": node(HOOK % "after(() => { shelf.pop(); }); "),
    "node/env": node(ENV, {"needs": victim(["it.test.mjs > spoils"])}),
    "node/env_fine": node("afterEach(() => { delete process.env.LAND; });\n" + ENV),
    "node/timers": node(
        "test('needs', async () => { const at = Date.now(); assert.ok(at > 1e12); });\ntest('spoils', () => { mock.timers.enable({ apis: ['Date'] }); assert.equal(Date.now(), 0); });\n",
        {"needs": victim(["it.test.mjs > spoils"])},
    ),
    "node/chance": node("import { randomInt } from 'node:crypto';\ntest('throws', () => assert.ok(randomInt(2)));\ntest('fine', () => {});\n", {"throws": CHANCE}),
    "node/todo": node("test('later', { todo: true }, () => { throw new Error('not yet'); });\ntest('skipped', { skip: 'no' }, () => { throw 1; });\ntest('fine', () => {});\n", {"later": SKIPPED, "skipped": SKIPPED}, codes=(0,)),
    "node/throws_text": node("test('throws', () => { throw 'no error'; });\ntest('throws nothing', () => { throw undefined; });\ntest('fine', () => {});\n", {"throws": BROKEN, "throws nothing": BROKEN}),
    "node/exit": node("test('leaves', () => process.exit(0));\ntest('fine', () => {});\n", {"leaves": is_one_of("broken", "undiagnosed")}),
    "node/open": node("test('opens', () => { setInterval(() => {}, 1000); });\ntest('fine', () => {});\n"),
    "node/late": node("let failed;\ntest('rejects', async () => { await Promise.reject(new Error('now')); });\ntest('fine', () => {});\n", {"rejects": BROKEN}),
    "node/names": node("test('it\\'s \"quoted\" > #1 [x] $HOME \\\\ é', () => {});\ntest('it', () => {});\ntest('it is', () => {});\n"),
    "node/nested": node("const shelf = [];\ntest('outer', async (t) => { await t.test('puts', () => { shelf.push(1); }); await t.test('sees', () => assert.ok(shelf.length)); });\ntest('fine', () => {});\n"),
    "node/concurrent": node("describe('both', { concurrency: true }, () => { test('one', async () => { await new Promise((r) => setTimeout(r, 20)); }); test('two', async () => {}); });\n"),
    "node/files": node("test('needs', () => assert.ok(!globalThis.spoilt));\n", None, more={"other.test.mjs": "import test from 'node:test';\ntest('spoils', () => { globalThis.spoilt = 1; });\n"}),
    # Jest.
    "jest/spy": jest(SPY, {"needs": victim(["it.test.js > spoils"])}, SHOP),
    "jest/spy_fine": jest(SPY, None, SHOP, '{"restoreMocks": true}'),
    "jest/spy_fine_hook": jest("afterEach(() => jest.restoreAllMocks());\n" + SPY, None, SHOP),
    "jest/timers": jest(TIMERS, {"needs": victim(["it.test.js > spoils"])}),
    "jest/timers_fine": jest("afterEach(() => { jest.useRealTimers(); });\n" + TIMERS),
    "jest/each": jest("let n = 0;\ntest.each([1, 2, 3])('counts %i', (i) => { n += 1; expect(n).toBeLessThan(9); });\ndescribe.each(['a', 'b'])('of %s', () => { test('is', () => {}); });\n"),
    "jest/registry": jest("const shop = require('./shop');\ntest('spoils', () => { shop.price = () => 1; });\n", None, {**SHOP, "other.test.js": "test('needs', () => { expect(require('./shop').price()).toBe(3); });\n"}),
    "jest/disk": jest(
        "const fs = require('fs');\ntest('spoils', () => { fs.writeFileSync(__dirname + '/left.txt', 'x'); });\n",
        {"needs": victim(["it.test.js > spoils"])},
        {"other.test.js": "const fs = require('fs');\ntest('needs', () => { expect(fs.existsSync(__dirname + '/left.txt')).toBe(false); });\n"},
        leaves=("left.txt",),
    ),
    "jest/after_all": jest("describe('tea', () => { afterAll(() => { throw new Error('not closed'); }); test('one', () => {}); });\ntest('fine', () => {});\n", codes=(3,), says=("not closed",)),
    "jest/noise": jest("test('loud', () => { console.log('x'.repeat(1e5)); process.stdout.write('{\"a\": 1}'); console.error('::error::x'); });\ntest('fine', () => {});\n"),
    "jest/concurrent": jest("test.concurrent('one', async () => { await new Promise((r) => setTimeout(r, 20)); });\ntest.concurrent('two', async () => {});\ntest('three', () => {});\n"),
    "jest/twice": jest("let first = true;\ntest('once', () => { expect(first).toBe(true); first = false; });\ntest('fine', () => {});\n", {"once": TWICE}, codes=(0,)),
    # Go.
    "go/shelf": go(GO_SHELF.replace("SHELF", 'shelf = append(shelf, "tea")'), {"TestNeeds": victim(["example.com/shop.TestSpoils"])}),
    "go/shelf_fine": go(GO_SHELF.replace("SHELF", 'shelf = append(shelf, "tea")\n\tt.Cleanup(func() { shelf = nil })')),
    "go/env": go(GO_ENV % "os.Setenv", {"TestNeeds": victim(["example.com/shop.TestSpoils"])}, imports=("os", "testing")),
    "go/env_fine": go(GO_ENV % "t.Setenv", imports=("os", "testing")),
    "go/main": go("var ready bool\nfunc TestMain(m *testing.M) {\n\tready = true\n\tos.Exit(m.Run())\n}\nfunc TestOne(t *testing.T) {\n\tif !ready {\n\t\tt.Fatal(1)\n\t}\n}\nfunc TestTwo(t *testing.T) {}\n", imports=("os", "testing")),
    "go/parallel": go('func TestOne(t *testing.T) { t.Parallel(); for _, n := range []string{"a", "b"} { t.Run(n, func(t *testing.T) { t.Parallel() }) } }\nfunc TestTwo(t *testing.T) { t.Parallel() }\n'),
    "go/chance": go('func TestThrows(t *testing.T) {\n\tif time.Now().UnixNano()/1000%2 == 0 {\n\t\tt.Error("even")\n\t}\n}\nfunc TestFine(t *testing.T) {}\n', {"TestThrows": CHANCE}, imports=("testing", "time")),
    "go/panic": go('func TestFalls(t *testing.T) { var m map[string]int; m["a"] = 1 }\nfunc TestFine(t *testing.T) {}\n', {"TestFalls": BROKEN}),
    "go/exit": go("func TestLeaves(t *testing.T) { os.Exit(0) }\nfunc TestFine(t *testing.T) {}\n", {"TestLeaves": is_one_of("broken", "disagrees", "undiagnosed")}, imports=("os", "testing")),
    "go/example": go('func ExampleShop() {\n\tfmt.Println("tea")\n\t// Output: tea\n}\nfunc TestFine(t *testing.T) { fmt.Print("no end") }\n', imports=("fmt", "testing")),
    "go/subtests": go('var n int\nfunc TestTable(t *testing.T) {\n\tfor _, name := range []string{"a b", "a/b", "é"} {\n\t\tt.Run(name, func(t *testing.T) { n++ })\n\t}\n}\nfunc TestFine(t *testing.T) {}\n'),
    "go/packages": go("func TestFine(t *testing.T) {}\n", None, {"tea/tea_test.go": "package tea\nimport \"testing\"\nvar n int\nfunc TestSpoils(t *testing.T) { n++ }\n", "rice/rice_test.go": "package rice\nimport \"testing\"\nfunc TestFine(t *testing.T) {}\n"}),
    "go/once": go("var once bool\nfunc TestOnce(t *testing.T) {\n\tif once {\n\t\tt.Fatal(2)\n\t}\n\tonce = true\n}\nfunc TestFine(t *testing.T) {}\n", {"TestOnce": UNSEEN}, codes=(0,)),
}

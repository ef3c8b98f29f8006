// Lists the tests of a project with Mocha, or runs those that are asked for in the order in which they are asked for, and tells
// how each ended as it ends. A suite that the order visits twice has its hooks run twice.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const watcherOf = require('./state.cjs');

// From version 12 it is a module with a default export.
const mocha = createRequire(path.join(process.cwd(), 'package.json'))('mocha');
const Mocha = mocha.prototype ? mocha : mocha.default;
const results = process.env.STEADFAST_RESULTS;
const order = process.env.STEADFAST_ORDER;
const tell = (object) => fs.appendFileSync(results, JSON.stringify(object) + '\n');
const root = fs.realpathSync(process.cwd());

/** The tests of a tree in the order in which they were declared, each with its id. */
function declared(suite, titles = [], found = [], seen = new Map()) {
  for (const test of suite.tests) {
    const file = test.file ? path.relative(root, test.file) : '';
    const name = `${file} > ${[...titles, test.title].join(' ')}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    found.push({ id: count > 1 ? `${name} [${count}]` : name, test, file, path: test.file ?? '', name: [...titles, test.title].join(' ') });
  }
  for (const child of suite.suites) declared(child, [...titles, child.title], found, seen);
  return found;
}

/** Makes a tree in which these tests run in this order: a suite's tests come before its suites, so that a test behind a suite
    begins the suite around it anew. */
function arrange(top, tests) {
  const chains = tests.map((test) => {
    const chain = [];
    for (let suite = test.parent; suite && suite !== top; suite = suite.parent) chain.unshift(suite);
    return chain;
  });
  const copyOf = (suite, parent) => {
    const copy = Object.assign(Object.create(Object.getPrototypeOf(suite)), suite, { tests: [], suites: [], parent });
    parent.suites.push(copy);
    return copy;
  };
  top.tests = [];
  top.suites = [];
  let stack = [];
  tests.forEach((test, at) => {
    const chain = chains[at];
    let common = 0;
    while (common < stack.length && common < chain.length && stack[common].of === chain[common]) common += 1;
    if (common === chain.length && common < stack.length) common -= 1;
    stack = stack.slice(0, Math.max(common, 0));
    let parent = stack.at(-1)?.suite ?? top;
    // Tests of no suite, behind a suite: in a nameless suite of their own, inside of the same hooks.
    if (chain.length === 0 && top.suites.length > 0) {
      const Suite = Mocha.Suite;
      parent = new Suite('', top.ctx);
      parent.parent = top;
      for (const name of ['timeout', 'slow', 'retries']) parent[name](top[name]());
      top.suites.push(parent);
      stack = [];
    }
    for (const suite of chain.slice(stack.length)) {
      parent = copyOf(suite, parent);
      stack.push({ of: suite, suite: parent });
    }
    test.parent = parent;
    parent.tests.push(test);
  });
}

function described(error) {
  const text = typeof error?.message === 'string' ? error.message : String(error);
  return { message: text, details: String(error?.stack ?? text) };
}

/** The modules that were loaded, by their files. */
const loaded = () => Object.entries(require.cache).map(([file, module]) => [file, module?.exports]);

function follow(runner, ids) {
  const functions = () => [...ids.keys()].map((test) => test.fn);
  const watcher = watcherOf({ root, modules: loaded, functions, tell });
  let last = null;
  const ended = new Set();
  const settle = () => {
    if (last) tell(last);
    last = null;
  };
  const end = (test, result) => {
    const id = ids.get(test);
    if (id === undefined || ended.has(test)) return;
    settle();
    ended.add(test);
    // A hook behind the test may still fail it.
    last = { id, seconds: (test.duration ?? 0) / 1000, ...result };
  };
  const original = (test) => (ids.has(test) ? test : ids.has(test._retriedTest) ? test._retriedTest : test);
  runner.on('test', (test) => {
    settle();
    const id = ids.get(original(test));
    if (id !== undefined) watcher?.start(id, test.fn);
    if (id !== undefined && !ended.has(original(test))) tell({ id, outcome: 'started' });
  });
  runner.on('retry', (test, error) => {
    const { message, details } = described(error);
    end(original(test), { outcome: 'failed', message: `failed, and the runner tried it again: ${message}`, details });
  });
  runner.on('pass', (test) => end(original(test), { outcome: 'passed' }));
  runner.on('pending', (test) => end(original(test), { outcome: 'skipped', message: 'the test is pending' }));
  runner.on('fail', (runnable, error) => {
    if (runnable.type !== 'hook') return end(original(runnable), { outcome: 'failed', ...described(error) });
    const { message, details } = described(error);
    const failed = { outcome: 'errored', message: `${runnable.title}: ${message}`, details };
    const under = (suite) => {
      suite.tests.forEach((test) => end(test, failed));
      suite.suites.forEach(under);
    };
    if (/^"before all"/.test(runnable.title)) return under(runnable.parent);
    const test = runnable.ctx?.currentTest && original(runnable.ctx.currentTest);
    if (/^"(before|after) each"/.test(runnable.title) && test) {
      if (ended.has(test) && last?.id === ids.get(test)) last = { ...last, ...failed };
      else end(test, failed);
      // Mocha leaves the rest of the suite out.
      const rest = { outcome: 'skipped', message: `left out by Mocha: a hook failed before it: ${message}` };
      const leave = (suite) => {
        suite.tests.forEach((other) => end(other, rest));
        suite.suites.forEach(leave);
      };
      return leave(runnable.parent);
    }
    settle();
    tell({ note: `${runnable.title} of ${runnable.parent.fullTitle() || 'the root suite'} failed: ${message}` });
  });
  runner.on('test end', (test) => watcher?.end(ids.get(original(test))));
  runner.on('suite end', settle);
  runner.on('end', () => {
    settle();
    watcher?.finish();
    const usual = new Set(['TTYWrap', 'PipeWrap', 'FSReqCallback', 'FSReqPromise', 'Immediate', 'CloseReq', 'TickObject']);
    const open = (process.getActiveResourcesInfo?.() ?? []).filter((kind) => !usual.has(kind));
    if (open.length > 0) {
      const text = `the runner does not end: something is open: ${[...new Set(open)].join(', ')}`;
      setTimeout(() => tell({ note: text }), 1500).unref();
    }
  });
}

const run = Mocha.prototype.run;
Mocha.prototype.run = function (...rest) {
  const all = declared(this.suite);
  if (order === undefined) {
    for (const { id, file, path, name } of all) tell({ id, file, path, name });
    this.suite.tests = [];
    this.suite.suites = [];
    for (const hooks of ['_beforeAll', '_afterAll']) this.suite[hooks] = [];
    return run.apply(this, rest);
  }
  const byId = new Map(all.map(({ id, test }) => [id, test]));
  const asked = fs.readFileSync(order, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const known = asked.filter((id) => byId.has(id));
  const ids = new Map();
  // One that comes again is a test of its own.
  const tests = known.map((id, at) => {
    const test = known.indexOf(id) === at ? byId.get(id) : Object.assign(byId.get(id).clone(), { parent: byId.get(id).parent });
    ids.set(test, id);
    return test;
  });
  // Hooks of a suite that is visited again are still needed.
  this.cleanReferencesAfterRun?.(false);
  arrange(this.suite, tests);
  const runner = run.apply(this, rest);
  follow(runner, ids);
  return runner;
};

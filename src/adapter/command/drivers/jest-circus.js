// Lists the tests of a file, or runs those that are asked for in the order in which they are asked for, and tells how each
// ended as it ends. A group that the order visits twice has its hooks run twice.
'use strict';
const { state, find, tell, keyOf, plain } = require('./jest-common.js');
const watcherOf = require('./state.cjs');

/** The most that is told of what a test writes to the console, in characters. */
const MOST_WRITTEN = 16384;

/** The tests of a tree in the order in which they were declared, each with its id. */
function declared(root, key) {
  const found = [];
  const seen = new Map();
  const visit = (block, titles) => {
    for (const child of block.children) {
      const path = [...titles, child.name];
      if (child.type === 'describeBlock') {
        visit(child, path);
      } else {
        const name = `${key} > ${path.join(' ')}`;
        const count = (seen.get(name) ?? 0) + 1;
        seen.set(name, count);
        found.push({ id: count > 1 ? `${name} [${count}]` : name, test: child, titles: path });
      }
    }
  };
  visit(root, []);
  return found;
}

/** The groups around a test, outermost first, without the root. */
function around(test, root) {
  const chain = [];
  for (let block = test.parent; block && block !== root; block = block.parent) chain.unshift(block);
  return chain;
}

/** The same test once more, as it was before it ran. */
const again = (test) => ({ ...test, errors: [], retryReasons: [], unhandledRejectionErrorByPromise: new Map() });

/** Has a test that runs again find its first snapshot again: Jest numbers the snapshots of a name. */
class Snapshots {
  constructor(environment, root) {
    this.environment = environment;
    this.root = root;
    this.before = new Map();
  }

  next(test, id) {
    const counters = this.environment.global.expect?.getState?.().snapshotState?._counters;
    if (!counters?.set) return;
    const name = [...around(test, this.root).map((block) => block.name), test.name].join(' ');
    // A snapshot with a hint has a counter of its own, which Jest makes when it is first met.
    const isOwn = (key) => key === name || key.startsWith(`${name}: `);
    const before = this.before.get(id);
    if (!before) this.before.set(id, new Map([...counters].filter(([key]) => isOwn(key))));
    else for (const key of [...counters.keys()].filter(isOwn)) counters.set(key, before.get(key) ?? 0);
  }
}

/** Makes a tree in which these tests run in this order. */
function arrange(root, tests) {
  const chains = tests.map((test) => around(test, root));
  root.children = [];
  root.tests = [];
  let stack = [];
  tests.forEach((test, at) => {
    const chain = chains[at];
    let common = 0;
    while (common < stack.length && common < chain.length && stack[common].of === chain[common]) common += 1;
    stack = stack.slice(0, common);
    for (const block of chain.slice(common)) {
      const parent = stack.at(-1)?.block ?? root;
      const copy = Object.assign(Object.create(Object.getPrototypeOf(block)), block, { children: [], tests: [], parent });
      parent.children.push(copy);
      stack.push({ of: block, block: copy });
    }
    const parent = stack.at(-1)?.block ?? root;
    parent.children.push(test);
    parent.tests?.push(test);
    test.parent = parent;
  });
}

function place(test, testPath) {
  const stack = String(test.asyncError?.stack ?? '');
  const line = stack.split('\n').find((line) => line.includes(testPath));
  return Number(line?.match(/:(\d+):\d+\)?$/)?.[1] ?? 1);
}

function told(errors) {
  const list = errors.map((entry) => (Array.isArray(entry) ? (entry[0] ?? entry[1]) : entry));
  const stacks = list.map((error) => plain(error?.stack ?? error));
  const first = list[0];
  return { message: plain(first?.message ?? first).trim() || stacks[0], details: stacks.join('\n\n') };
}

/** The modules that a file's tests have loaded, by their files. */
function* loadedBy(runtime) {
  const registries = [runtime.registries?.moduleRegistry ?? runtime._moduleRegistry, runtime.registries?.esModuleRegistry ?? runtime._esmoduleRegistry];
  for (const [file, module] of registries[0] ?? []) yield [file, module?.exports];
  for (const [key, module] of registries[1] ?? []) {
    if (module?.status === 'evaluated') yield [key.replace(/^file:\/\//, '').replace(/\?.*$/, ''), module.namespace];
  }
}

/** What Jest's console holds: Jest keeps what tests write, unless it prints all as it comes (`--verbose`) or nothing. */
const written = (environment) => environment.global.console?._buffer ?? [];

/** The end of what was written to the console behind a place, under the heading by which reports know a log. */
function writtenSince(environment, place) {
  const lines = written(environment).slice(place).map(({ message }) => plain(message));
  return lines.length > 0 ? `--- Captured console ---\n${lines.join('\n').slice(-MOST_WRITTEN)}` : '';
}

/** Sees what a case of this file leaves changed, where somebody asks for it. */
function watching(root, { config, environment, runtime }) {
  const functions = declared(root, '').map(({ test }) => test.fn);
  return watcherOf({
    root: config.rootDir,
    global: environment.global,
    process: environment.global.process,
    modules: () => loadedBy(runtime),
    functions: () => functions,
    restoreWords: {
      mocks: 'call jest.restoreAllMocks() in an afterEach hook, or set restoreMocks: true',
      timers: 'call jest.useRealTimers() in an afterEach hook',
    },
    tell,
  });
}

module.exports = async function run(globalConfig, config, environment, runtime, testPath, ...rest) {
  const circus = find('jest-circus/runner', config.rootDir);
  const key = keyOf(config, testPath);
  const ids = new Map();
  const ended = new Set();
  const left = [...(state.segment?.ids ?? [])];
  let watcher = null;
  let snapshots = null;
  let wrote = 0;
  const end = (test, result) => {
    const id = ids.get(test);
    if (id === undefined || ended.has(test)) return;
    ended.add(test);
    left.splice(left.indexOf(id), 1);
    tell({ id, ...result });
  };
  const list = (root) => {
    for (const { id, test, titles } of declared(root, key)) {
      tell({ id, key, name: titles.join(' '), line: place(test, testPath), path: testPath });
      test.mode = 'skip';
    }
    const unhook = (block) => {
      block.hooks = [];
      block.children.filter((child) => child.type === 'describeBlock').forEach(unhook);
    };
    unhook(root);
  };
  const on = (event) => {
    const { name, test } = event;
    if (name === 'test_start') wrote = written(environment).length;
    if (name === 'test_start' && ids.has(test)) snapshots.next(test, ids.get(test));
    if (name === 'test_start' && ids.has(test)) watcher?.start(ids.get(test), test.fn, place(test, testPath));
    if (name === 'test_done' && ids.has(test)) watcher?.end(ids.get(test));
    if (name === 'run_finish') watcher?.finish();
    if (name === 'test_start' && ids.has(test) && !ended.has(test)) tell({ id: ids.get(test), outcome: 'started' });
    else if (name === 'test_skip') end(test, { outcome: 'skipped', message: 'the test is marked to be skipped' });
    else if (name === 'test_todo') end(test, { outcome: 'skipped', message: 'todo' });
    else if (name === 'test_done') {
      const seconds = (test.duration ?? 0) / 1000;
      const log = writtenSince(environment, wrote);
      if (test.errors.length > 0) {
        const { message, details } = told(test.errors);
        end(test, { outcome: 'failed', seconds, message, details: log ? `${details}\n${log}` : details });
      } else end(test, { outcome: 'passed', seconds, details: log });
    } else if (name === 'hook_failure' && event.hook?.type === 'afterAll') {
      tell({ note: `an afterAll hook of ${key} failed: ${told([event.error]).message}` });
    }
  };
  const theirs = environment.handleTestEvent?.bind(environment);
  environment.handleTestEvent = async (event, circusState) => {
    if (theirs) await theirs(event, circusState);
    if (event.name === 'run_start') {
      const root = circusState.rootDescribeBlock;
      if (!state.segment) return list(root);
      const byId = new Map(declared(root, key).map((found) => [found.id, found.test]));
      const asked = state.segment.ids.filter((id) => byId.has(id));
      const tests = asked.map((id, at) => (asked.indexOf(id) === at ? byId.get(id) : again(byId.get(id))));
      tests.forEach((test, at) => ids.set(test, asked[at]));
      snapshots = new Snapshots(environment, root);
      watcher = watching(root, { config, environment, runtime });
      arrange(root, tests);
    } else if (state.segment) {
      on(event);
    }
  };
  try {
    return await (circus.default ?? circus)({ ...globalConfig, randomize: false }, config, environment, runtime, testPath, ...rest);
  } catch (error) {
    const problem = told([error]);
    if (!state.segment) tell({ problem: problem.details.split('\n').slice(0, 4).join('\n'), key });
    for (const id of left) tell({ id, outcome: 'errored', ...problem });
    throw error;
  }
};

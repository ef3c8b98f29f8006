// A runner for Vitest: lists the tests of a file, or runs those that are asked for in the order in which they are asked for, and
// tells how each ended as it ends. A suite that the order visits twice has its hooks run twice.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = process.env.STEADFAST_ROOT;
const require = createRequire(path.join(root, 'package.json'));
const manifest = require.resolve('vitest/package.json');
const { exports: entries } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
const pick = (entry) => (typeof entry === 'string' ? entry : pick(entry.import ?? entry.default));
const load = (name) => import(pathToFileURL(path.join(path.dirname(manifest), pick(entries[name]))).href);
const getFn = entries['./suite'] ? (await load('./suite')).getFn : (await load('.')).TestRunner.getTestFn;
const Base = entries['./runners'] ? (await load('./runners')).VitestTestRunner : (await load('.')).TestRunner;

const watcherOf = createRequire(import.meta.url)('./state.cjs');
const tell = (object) => fs.appendFileSync(process.env.STEADFAST_RESULTS, JSON.stringify(object) + '\n');
const plain = (text) => String(text ?? '').replace(/\x1b\[[0-9;]*m/g, '');
const said = (errors) => {
  const first = errors?.[0];
  const message = plain(first?.message ?? first);
  return { message, details: (errors ?? []).map((error) => plain(error?.stack ?? error)).join('\n\n') || message };
};

/** The tests of a file in the order in which they were declared, each with its id and the suites around it. */
function declared(file) {
  const found = [];
  const seen = new Map();
  const key = `${file.projectName ? `[${file.projectName}] ` : ''}${path.relative(root, file.filepath)}`;
  const visit = (suite, titles, around) => {
    for (const task of suite.tasks) {
      const all = [...titles, task.name];
      if (task.type === 'suite') {
        visit(task, all, [...around, task]);
        continue;
      }
      const name = `${key} > ${all.join(' ').trim()}`;
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      found.push({ id: count > 1 ? `${name} [${count}]` : name, name: all.join(' ').trim(), task, around });
    }
  };
  visit(file, [], []);
  return found;
}

/** The modules that this worker has loaded, by their files. */
function* loaded() {
  const modules = globalThis.__vitest_worker__?.evaluatedModules ?? {};
  for (const node of modules.idToModuleMap?.values?.() ?? []) {
    if (node?.exports) yield [String(node.file ?? node.id ?? '').replace(/^file:\/\//, ''), node.exports];
  }
}

export default class Runner extends Base {
  ids = new Map();
  visits = new Map();
  ended = new Set();
  watcher = watcherOf({
    root,
    modules: loaded,
    functions: () => [...this.ids.keys()].map(getFn),
    restoreWords: {
      mocks: 'call vi.restoreAllMocks() in an afterEach hook, or set restoreMocks: true',
      timers: 'call vi.useRealTimers() in an afterEach hook',
    },
    tell,
  });

  end(task, result) {
    const id = this.ids.get(task);
    if (id === undefined || this.ended.has(id)) return;
    this.ended.add(id);
    tell({ id, ...result });
  }

  async onCollected(files) {
    await super.onCollected?.(files);
    const order = process.env.STEADFAST_ORDER ? JSON.parse(fs.readFileSync(process.env.STEADFAST_ORDER, 'utf8')) : null;
    for (const file of files) {
      if (!order) this.list(file);
      else this.arrange(file, order[file.filepath] ?? []);
    }
  }

  list(file) {
    if (file.result?.state === 'fail') tell({ problem: said(file.result.errors).message, file: path.relative(root, file.filepath) });
    for (const { id, name, task } of declared(file)) {
      tell({ id, name, path: file.filepath, file: path.relative(root, file.filepath), line: task.location?.line ?? 1 });
    }
    file.tasks = [];
    file.mode = 'skip';
  }

  arrange(file, asked) {
    if (file.result?.state === 'fail') {
      for (const id of asked) tell({ id, outcome: 'errored', ...said(file.result.errors) });
      return;
    }
    const known = new Map(declared(file).map((found) => [found.id, found]));
    const visits = { tasks: [] };
    let stack = [];
    for (const id of asked) {
      const found = known.get(id);
      if (!found) continue;
      this.ids.set(found.task, id);
      let common = 0;
      while (common < stack.length && stack[common].of === found.around[common]) common += 1;
      stack = stack.slice(0, common);
      for (const of of found.around.slice(common)) {
        const visit = { of, tasks: [] };
        (stack.at(-1) ?? visits).tasks.push(of);
        if (!this.visits.has(of)) this.visits.set(of, []);
        this.visits.get(of).push(visit);
        stack.push(visit);
      }
      (stack.at(-1) ?? visits).tasks.push(found.task);
      // One after another, in the order asked for.
      found.task.concurrent = false;
    }
    file.tasks = visits.tasks;
  }

  async onBeforeRunSuite(suite) {
    const visit = this.visits.get(suite)?.shift();
    if (visit) {
      // What an earlier visit came to is no reason to leave this one out.
      suite.tasks = visit.tasks;
      suite.result = undefined;
      suite.concurrent = false;
    }
    return super.onBeforeRunSuite?.(suite);
  }

  async onAfterRunSuite(suite) {
    if (suite.result?.state === 'fail' && suite.result.errors?.length) {
      const left = (around) => around.tasks.flatMap((task) => (task.type === 'suite' ? left(task) : [task]));
      const tasks = left(suite).filter((task) => this.ids.has(task) && !this.ended.has(this.ids.get(task)));
      for (const task of tasks) this.end(task, { outcome: 'errored', ...said(suite.result.errors) });
      if (tasks.length === 0) tell({ note: `after ${suite.name}: ${said(suite.result.errors).message}` });
    }
    return super.onAfterRunSuite?.(suite);
  }

  async onBeforeRunTask(test) {
    if (this.ids.has(test)) this.watcher?.start(this.ids.get(test), getFn(test), test.location?.line);
    if (this.ids.has(test) && !this.ended.has(this.ids.get(test))) {
      if (test.mode === 'skip' || test.mode === 'todo') {
        this.end(test, { outcome: 'skipped', message: test.mode === 'todo' ? 'todo' : 'the test is marked to be skipped' });
      } else {
        tell({ id: this.ids.get(test), outcome: 'started' });
      }
    }
    return super.onBeforeRunTask?.(test);
  }

  async onAfterRunTask(test) {
    const { state, errors, duration, retryCount, note } = test.result ?? {};
    const seconds = (duration ?? 0) / 1000;
    if (state === 'skip') this.end(test, { outcome: 'skipped', message: note ?? 'the test skips itself' });
    else if (state === 'fail') this.end(test, { outcome: 'failed', seconds, ...said(errors) });
    else if (retryCount > 0) this.end(test, { outcome: 'failed', seconds, message: `failed, and the runner tried it again: ${said(errors).message}`, details: said(errors).details });
    else this.end(test, { outcome: 'passed', seconds });
    this.watcher?.end(this.ids.get(test));
    return super.onAfterRunTask?.(test);
  }
}

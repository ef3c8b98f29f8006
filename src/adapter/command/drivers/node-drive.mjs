// Loads a file of tests for Node's own runner. What it registers is kept until the file is loaded; then it is listed, or those
// that are asked for are registered in the order in which they are asked for. A suite that the order visits twice has its
// hooks run twice.
import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import Module, { createRequire, register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const watcherOf = require('./state.cjs');
const real = require('node:test');
const file = process.argv[2];
const order = process.env.STEADFAST_ORDER;
const tell = (object) => fs.appendFileSync(process.env.STEADFAST_RESULTS, JSON.stringify(object) + '\n');

const root = { kind: 'root', name: '', children: [], hooks: [], parent: null };
const around = new AsyncLocalStorage();
let isLoaded = false;
const bodies = [];

function arguments_(name, options, fn) {
  if (typeof name === 'function') return [name.name || '<anonymous>', {}, name];
  if (name !== null && typeof name === 'object') return [options?.name || '<anonymous>', name, options];
  if (typeof options === 'function') return [name, {}, options];
  return [name ?? (fn?.name || '<anonymous>'), options ?? {}, fn];
}

const keep = (kind, own) => {
  const call = (...given) => {
    if (isLoaded) return real[kind](...given);
    const [name, options, fn] = arguments_(...given);
    const parent = around.getStore() ?? root;
    const node = { kind, name: String(name), options: { ...options, ...own }, fn, children: [], hooks: [], parent };
    parent.children.push(node);
    // A suite that is skipped is never looked into.
    if (kind === 'suite' && fn && !node.options.skip) {
      const body = around.run(node, () => fn.call(undefined, { name: node.name }));
      if (typeof body?.then === 'function') bodies.push(body);
    }
    return Promise.resolve();
  };
  return call;
};
const named = (kind) => Object.assign(keep(kind, {}), {
  skip: keep(kind, { skip: true }), todo: keep(kind, { todo: true }), only: keep(kind, { only: true }),
});
const hook = (name) => (...given) => {
  if (isLoaded) return real[name](...given);
  (around.getStore() ?? root).hooks.push([name, given]);
};

const test = named('test');
const suite = named('suite');
const fake = Object.assign(test, {
  test, it: named('test'), describe: suite, suite,
  before: hook('before'), after: hook('after'), beforeEach: hook('beforeEach'), afterEach: hook('afterEach'),
});
for (const name of ['mock', 'run', 'snapshot', 'assert']) if (name in real) fake[name] = real[name];
real.suite ??= real.describe;

globalThis[Symbol.for('steadfast.node')] = fake;
const load = Module._load;
Module._load = (request, ...rest) => (request === 'node:test' ? fake : load(request, ...rest));
const source = `const fake = globalThis[Symbol.for('steadfast.node')]; export default fake; export const { ${Object.keys(fake).join(', ')} } = fake;`;
const stand = `data:text/javascript,${encodeURIComponent(source)}`;
const hooks = `export async function resolve(name, context, next) {
  return name === 'node:test' ? { url: ${JSON.stringify(stand)}, format: 'module', shortCircuit: true } : next(name, context); }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

process.argv.splice(1, 2, path.resolve(file));
await import(pathToFileURL(path.resolve(file)).href);
await Promise.all(bodies);
isLoaded = true;

/** The cases of a tree in the order in which they were declared, each with its id. */
function declared(node, titles, found, seen) {
  for (const child of node.children) {
    const all = [...titles, child.name];
    if (child.kind === 'suite' && child.fn && !child.options.skip) {
      declared(child, all, found, seen);
      continue;
    }
    const name = `${file} > ${all.join(' ')}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    found.push({ id: count > 1 ? `${name} [${count}]` : name, plain: name, node: child });
  }
  return found;
}

const cases = declared(root, [], [], new Map());
if (order === undefined) {
  for (const { id, plain, node } of cases) tell({ id, plain, file, title: node.name });
  process.exit(0);
}

const byId = new Map(cases.map(({ id, node }) => [id, node]));
const asked = fs.readFileSync(order, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)).filter((id) => byId.has(id));
const chainOf = (node) => {
  const chain = [];
  for (let parent = node.parent; parent !== root; parent = parent.parent) chain.unshift(parent);
  return chain;
};
/** What was asked for, in this order; a case that comes again is there again. */
const plays = asked.map((id) => {
  const node = byId.get(id);
  return { id, node, name: node.name, depth: chainOf(node).length, isSuite: node.kind === 'suite' };
});
globalThis[Symbol.for('steadfast.node.asked')] = plays;

/** The order as a tree of visits. */
const top = { children: [] };
let stack = [];
for (const play of plays) {
  const { node } = play;
  const chain = chainOf(node);
  let common = 0;
  while (common < stack.length && common < chain.length && stack[common].of === chain[common]) common += 1;
  stack = stack.slice(0, common);
  for (const of of chain.slice(common)) {
    const visit = { of, children: [] };
    (stack.at(-1) ?? top).children.push(visit);
    stack.push(visit);
  }
  (stack.at(-1) ?? top).children.push({ of: node, play });
}

/** Sees what a case leaves changed, where somebody asks for it. */
const watcher = watcherOf({
  root: process.cwd(),
  modules: () => Object.entries(require.cache).map(([file, module]) => [file, module?.exports]),
  functions: () => cases.map(({ node }) => node.fn),
  tell,
});

// Node reports when a whole suite has ended. Of one that its process did not come to the end of, what is known is told.
const outcomes = new Map();
const told = (globalThis[Symbol.for('steadfast.node.told')] = new Set());
process.on('exit', () => {
  watcher?.finish();
  for (const [play, outcome] of outcomes) if (!told.has(play)) tell({ id: play.id, outcome });
});

function begun(play, fn) {
  if (typeof fn !== 'function') return fn;
  const { id } = play;
  const wrapped = function (...given) {
    watcher?.start(id, fn);
    tell({ id, outcome: 'started' });
    const passed = () => { outcomes.set(play, 'passed'); };
    const settled = (outcome) => { outcomes.set(play, outcome); watcher?.end(id); };
    if (fn.length > 1) given[1] = ((done) => (...said) => { watcher?.end(id); return done(...said); })(given[1]);
    let result;
    try {
      result = fn.apply(this, given);
    } catch (error) {
      watcher?.end(id);
      throw error;
    }
    if (typeof result?.then === 'function') result.then(() => settled('passed'), () => settled('failed'));
    else if (fn.length < 2) {
      passed();
      watcher?.end(id);
    }
    return result;
  };
  // With two parameters or more a test is told by a callback that it has ended.
  Object.defineProperty(wrapped, 'length', { value: fn.length });
  return wrapped;
}

function enlist(visits) {
  for (const { of, play, children } of visits) {
    if (play) {
      real[of.kind](of.name, of.options, begun(play, of.fn));
    } else {
      real.suite(of.name, of.options, () => {
        for (const [name, given] of of.hooks) real[name](...given);
        enlist(children);
      });
    }
  }
}
for (const [name, given] of root.hooks) real[name](...given);
enlist(top.children);

// Runs the tests of a project with Jest in an order that was asked for, in one process: each visit of a file has a registry
// of modules and an environment of its own, as Jest has it.
'use strict';
const fs = require('node:fs');
const { state, find, tell, keyOf } = require('./jest-common.js');

const base = find('jest-runner', process.cwd());
const Base = base.default ?? base;

/** Things that the process itself, or Jest, holds open. */
const USUAL = new Set(['TTYWrap', 'PipeWrap', 'FSReqCallback', 'FSReqPromise', 'Immediate', 'CloseReq', 'TickObject', 'FSEventWrap']);

function open() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo?.() ?? []) {
    if (!USUAL.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** The asked ids, cut where the file changes. */
function segments() {
  const found = [];
  for (const line of fs.readFileSync(process.env.STEADFAST_ORDER, 'utf8').split('\n').filter(Boolean)) {
    const { id, file } = JSON.parse(line);
    if (found.at(-1)?.file !== file) found.push({ file, ids: [] });
    found.at(-1).ids.push(id);
  }
  return found;
}

module.exports = class Runner extends Base {
  async runTests(tests, watcher, ...rest) {
    if (!process.env.STEADFAST_ORDER) return super.runTests(tests, watcher, ...rest);
    const options = { ...rest.pop(), serial: true };
    const byKey = new Map(tests.map((test) => [keyOf(test.context.config, test.path), test]));
    const left = [];
    for (const segment of segments()) {
      const test = byKey.get(segment.file);
      if (!test) continue;
      state.segment = segment;
      const before = open();
      await super.runTests([test], watcher, ...rest, options);
      for (const [kind, count] of open()) {
        if (count > (before.get(kind) ?? 0)) left.push(`${segment.file} left open: ${kind}`);
      }
    }
    state.segment = null;
    if (left.length > 0) {
      // Told only where the process goes on because of it.
      setTimeout(() => tell({ note: `the runner does not end: ${[...new Set(left)].slice(0, 5).join('; ')}` }), 1500).unref();
    }
  }
};

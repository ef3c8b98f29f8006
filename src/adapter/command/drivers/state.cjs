// What a case leaves changed in the state of its process: globals, environment, working directory, exports and variables of the
// project's modules, mocks, fake timers, and what it left open. One case of a process is watched, where somebody asks for it
// (STEADFAST_WATCH); what is named in STEADFAST_RESTORE is put back before the next case begins.
//
// No code of the project is run for this, except the getters by which compiled modules export.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { Functions } = require('./state-functions.cjs');
const { Handles } = require('./state-handles.cjs');
const { Snapshot, changes, differs, isMock, isObject, natives, own } = require('./state-snapshot.cjs');

/** The most parts that are told. */
const TOLD = 60;

const asWord = (name) => new RegExp(`(?<![\\w$.])${name.replace(/\$/g, '\\$')}(?![\\w$])`);

/** The line of a file, from a line on, that first names a variable. */
function readAt(file, from, name, root) {
  try {
    const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n');
    const word = asWord(name);
    const at = lines.findIndex((line, place) => place + 1 >= from && word.test(line));
    return at < 0 ? undefined : `${file}:${at + 1}`;
  } catch {
    return undefined;
  }
}

/** What a module exports by a name; compiled modules export by getters. */
function exportedAs(exports, key) {
  const found = own(exports, key);
  if (!found?.get) return found?.value;
  try {
    return exports[key];
  } catch {
    return undefined;
  }
}

/** Watches one case of a process: `start` and `end` are told of each case, `finish` when there are no more. */
class Watcher {
  constructor({ root, global = globalThis, process: theirs = process, modules, functions, restoreWords, tell }) {
    this.root = root;
    this.asked = new Functions(root);
    this.words = restoreWords ?? {};
    this.tell = tell;
    const isOurs = (file) => file.startsWith(root + path.sep) && !file.includes(`${path.sep}node_modules${path.sep}`);
    const relative = (file) => path.relative(root, file);
    const loaded = () => [...modules()].filter(([file]) => isOurs(file)).map(([file, exports]) => [relative(file), exports]);
    const exported = () => loaded().flatMap(([, exports]) => {
      const values = isObject(exports) ? Object.getOwnPropertyNames(exports).map((key) => exportedAs(exports, key)) : [];
      return [exports, ...values].filter((one) => typeof one === 'function' && !isMock(one));
    });
    this.realm = {
      global, process: theirs, natives: natives(global), modules: loaded,
      variables: () => this.asked.held([...functions(), ...exported()].slice(0, 400)),
    };
    this.place = (stack) => {
      const line = String(stack).split('\n').find((text) => text.includes(root + path.sep) && !text.includes('node_modules') && !text.includes(__dirname));
      const [, file, number] = line?.match(/(?:file:\/\/)?(\/[^():]+):(\d+):\d+/) ?? [];
      return file && `${relative(file)}:${number}`;
    };
    this.advice = (mark, isMocked) => {
      const words = this.words;
      if (mark.isHandle) return `${mark.name.startsWith('a timer') ? 'clear' : 'close'} it in an afterEach hook`;
      if (mark.name.startsWith('fake timers')) return words.timers ?? 'give the real timers back in an afterEach hook';
      if (isMocked) return words.mocks ?? `restore ${mark.name} in an afterEach hook`;
      if (mark.variable) return `set ${mark.variable} anew in a beforeEach hook`;
      return `put ${mark.name} back in an afterEach hook`;
    };
  }

  /** A case begins: `fn` is its function, perhaps wrapped, `line` where it stands. */
  start(id, fn, line) {
    this.settle(fn, line);
    if (id !== this.watched || this.isDone) return;
    this.isDone = true;
    this.before = new Snapshot(this.realm);
    this.handles = new Handles(this.place);
  }

  end(id) {
    if (id !== this.watched || !this.before) return;
    const handles = this.handles.left(this.advice);
    this.pending = { id, marks: [...changes(this.before, new Snapshot(this.realm), this.advice), ...handles] };
    this.before = undefined;
  }

  finish() {
    this.settle();
  }

  /** What is still there when the next case begins is told, and put back where somebody asks for it. */
  settle(fn, line) {
    if (!this.pending) return;
    const { id, marks } = this.pending;
    this.pending = undefined;
    const now = new Snapshot(this.realm);
    const holds = ({ key, after, parts, isHandle }) => {
      if (isHandle) return true;
      if (parts) return parts.some(holds);
      const part = now.parts.get(key);
      return after ? part !== undefined && !differs(after, part) : part === undefined;
    };
    const left = marks.filter(holds);
    const { file, text: source, line: compiled } = this.asked.source(fn) ?? { text: '' };
    const reads = (name) => asWord(name).test(source);
    const restored = JSON.parse(process.env.STEADFAST_RESTORE || '[]');
    this.tell({
      id,
      marks: left.slice(0, TOLD).map(({ kind, name, told: values, undo, variable, remedy }) => {
        const isRead = variable && file && reads(variable) && name === `${file}: ${variable}`;
        const place = isRead ? readAt(file, line ?? compiled, variable, this.root) : undefined;
        return { kind, name, ...values, remedy, ...(undo ? {} : { only_seen: true }), ...(place ? { read_at: place } : {}) };
      }),
    });
    for (const mark of left) if (restored.includes(mark.name)) mark.undo?.();
  }
}

/** A watcher, if a case of this process is to be watched. */
module.exports = function watcherOf(options) {
  if (!process.env.STEADFAST_WATCH) return null;
  const watcher = new Watcher(options);
  watcher.watched = process.env.STEADFAST_WATCH;
  return watcher;
};

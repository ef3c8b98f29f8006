// The state of a process part by part, and what differs between two looks at it.
'use strict';

const DEEPEST = 4;
const MOST = 40_000;
const LONGEST = 80;
const SECRET = /key|token|secret|passw|credential|auth|cookie/i;
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'Date']);
const WITH_TIMERS = new Set(['queueMicrotask', 'performance', 'Intl', 'requestAnimationFrame', 'cancelAnimationFrame', 'requestIdleCallback', 'cancelIdleCallback']);

const isObject = (value) => value !== null && (typeof value === 'object' || typeof value === 'function');
const own = (object, key) => { try { return Object.getOwnPropertyDescriptor(object, key); } catch { return undefined; } };
const tag = (value) => { try { return Object.prototype.toString.call(value).slice(8, -1); } catch { return 'Object'; } };
const isMock = (value) => {
  if (typeof value !== 'function') return false;
  const has = (key) => { const found = own(value, key); return found !== undefined && found.value !== false; };
  if (has('_isMockFunction') || has('isSinonProxy') || has('mock')) return true;
  // Node's mocks are proxies that answer for `mock`.
  try { return typeof value.mock?.restore === 'function'; } catch { return false; }
};
const isMap = (value) => tag(value) === 'Map' && typeof value.entries === 'function';
const isSet = (value) => tag(value) === 'Set' && typeof value.values === 'function';
const isPlain = (value) => Array.isArray(value) || tag(value) === 'Object';

/** A value as a reader would write it, shortened. */
function shown(value, room = LONGEST, depth = 2) {
  const cut = (text) => (text.length > room ? `${text.slice(0, room - 1)}…` : text);
  if (typeof value === 'string') return cut(JSON.stringify(value));
  if (typeof value === 'bigint') return `${value}n`;
  if (!isObject(value)) return String(value);
  if (isMock(value)) return 'a mock';
  if (typeof value === 'function') return cut(`function ${own(value, 'name')?.value || '(nameless)'}`);
  const kind = tag(value);
  if (kind === 'Date') return `Date ${Date.prototype.valueOf.call(value)}`;
  if (kind === 'RegExp') return cut(RegExp.prototype.toString.call(value));
  if (depth === 0) return Array.isArray(value) ? '[…]' : '{…}';
  const inner = (one) => shown(one, room, depth - 1);
  if (Array.isArray(value)) return cut(`[${value.slice(0, 20).map(inner).join(', ')}${value.length > 20 ? ', …' : ''}]`);
  if (isMap(value)) return cut(`Map {${[...value].slice(0, 20).map(([key, one]) => `${inner(key)} => ${inner(one)}`).join(', ')}}`);
  if (isSet(value)) return cut(`Set {${[...value].slice(0, 20).map(inner).join(', ')}}`);
  const keys = Object.keys(value).slice(0, 20);
  const fields = keys.map((key) => `${key}: ${'value' in (own(value, key) ?? {}) ? inner(own(value, key).value) : '…'}`);
  const name = kind === 'Object' ? own(Object.getPrototypeOf(value) ?? {}, 'constructor')?.value?.name : kind;
  return cut(`${name && name !== 'Object' ? `${name} ` : ''}{${fields.join(', ')}}`);
}

/** Whether two values mean the same: the same one, or plain ones of equal content. */
function alike(one, other) {
  if (Object.is(one, other)) return true;
  return isObject(one) && isObject(other) && isPlain(one) && isPlain(other) && shown(one, 4000, 6) === shown(other, 4000, 6);
}

/** The parts of a state by name. */
class Snapshot {
  parts = new Map();
  seen = new Set();

  constructor(realm) {
    this.realm = realm;
    this.globals();
    this.environment();
    for (const [file, exports] of realm.modules()) this.module(file, exports);
    for (const [file, name, value] of realm.variables()) this.variable(file, name, value);
  }

  add(name, part) {
    if (this.parts.size < MOST && !this.parts.has(name)) this.parts.set(name, part);
  }

  property(name, holder, key, kind, within, depth) {
    const found = own(holder, key);
    if (!found) return;
    const value = 'value' in found ? found.value : found.get;
    this.add(name, {
      kind, within, value, hidden: SECRET.test(key),
      set: () => Object.defineProperty(holder, key, found),
      remove: () => { delete holder[key]; },
    });
    if ('value' in found && depth > 0) this.inside(name, value, depth - 1);
  }

  /** What a value holds: the content of lists, maps and sets as a whole, and what objects hold one by one. */
  inside(name, value, depth) {
    if (!isObject(value) || this.seen.has(value) || isMock(value)) return;
    this.seen.add(value);
    if (Array.isArray(value) || isMap(value) || isSet(value)) {
      const copy = [...value];
      const set = () => {
        if (Array.isArray(value)) value.splice(0, value.length, ...copy);
        else {
          value.clear();
          for (const one of copy) if (isMap(value)) value.set(...one); else value.add(one);
        }
      };
      this.add(`${name}\n`, { kind: 'variable', within: name, content: copy.flatMap((one) => (isMap(value) ? one : [one])), text: shown(value), set });
      if (depth > 0) copy.forEach((one, at) => this.inside(`${name}[${at}]`, one, depth - 1));
      return;
    }
    if (depth <= 0) return;
    const skipped = typeof value === 'function' ? new Set(['length', 'name', 'prototype', 'arguments', 'caller']) : new Set();
    for (const key of Object.getOwnPropertyNames(value)) {
      if (!skipped.has(key)) this.property(this.below(name, key), value, key, 'variable', name, depth);
    }
    const prototype = typeof value === 'function' ? own(value, 'prototype')?.value : Object.getPrototypeOf(value);
    if (isObject(prototype) && !this.realm.natives.has(prototype) && !this.seen.has(prototype)) {
      this.seen.add(prototype);
      const of = typeof value === 'function' ? `${name}.prototype` : `${own(prototype, 'constructor')?.value?.name ?? name}.prototype`;
      for (const key of Object.getOwnPropertyNames(prototype)) this.property(this.below(of, key), prototype, key, 'patch', of, 0);
    }
  }

  below(name, key) {
    const joint = name.endsWith(': ') ? '' : '.';
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `${name}${joint}${key}` : `${name}[${JSON.stringify(key)}]`;
  }

  globals() {
    const { global, natives } = this.realm;
    for (const key of Object.getOwnPropertyNames(global)) {
      if (/^(__coverage__|__vitest|__steadfast|globalThis|global|self|window|process$)/.test(key)) continue;
      const value = own(global, key)?.value;
      const isNative = natives.names.has(key);
      this.property(`globalThis.${key}`, global, key, isNative ? 'patch' : 'variable', 'globalThis', isNative ? 0 : DEEPEST);
      if (!isNative || !isObject(value)) continue;
      // One level of what the language and the platform bring: `Math.random`, `Array.prototype.last`.
      for (const [of, object] of [[key, value], [`${key}.prototype`, own(value, 'prototype')?.value]]) {
        if (!isObject(object)) continue;
        for (const inner of Object.getOwnPropertyNames(object)) {
          if (!['length', 'name', 'prototype', 'arguments', 'caller'].includes(inner)) this.property(this.below(of, inner), object, inner, 'patch', `globalThis.${key}`, 0);
        }
      }
    }
  }

  environment() {
    const { process: theirs } = this.realm;
    for (const key of Object.keys(theirs.env)) {
      if (key.startsWith('STEADFAST_')) continue;
      const value = theirs.env[key];
      this.add(this.below('process.env', key), {
        kind: 'environment', value, hidden: SECRET.test(key),
        set: () => { theirs.env[key] = value; }, remove: () => { delete theirs.env[key]; },
      });
    }
    const folder = process.cwd();
    this.add('process.cwd()', { kind: 'directory', value: folder, set: () => process.chdir(folder) });
    for (const key of ['platform', 'arch', 'version', 'argv', 'title', 'exitCode', 'exit', 'cwd', 'hrtime', 'nextTick']) {
      this.property(`process.${key}`, theirs, key, 'patch', 'process', key === 'argv' ? 1 : 0);
    }
  }

  module(file, exports) {
    if (!isObject(exports) || this.seen.has(exports)) return;
    if (typeof exports !== 'function') this.seen.add(exports);
    const name = `${file}: `;
    for (const key of Object.getOwnPropertyNames(exports)) {
      if (key === '__esModule' || (typeof exports === 'function' && ['length', 'name', 'prototype', 'arguments', 'caller'].includes(key))) continue;
      const found = own(exports, key);
      if (found && !('value' in found) && found.get) {
        // Compiled modules export by getters; what these read can't be put back through them.
        let value;
        try { value = exports[key]; } catch { continue; }
        this.variable(file, key, value);
      } else {
        this.property(this.below(name, key), exports, key, 'variable', name, DEEPEST);
      }
    }
    if (typeof exports === 'function') this.inside(`${name}exports`, exports, DEEPEST);
  }

  /** A variable that nobody but its own module can set. */
  variable(file, name, value) {
    this.add(`${file}: ${name}`, { kind: 'variable', value, variable: name, hidden: SECRET.test(name) });
    this.inside(`${file}: ${name}`, value, DEEPEST);
  }
}

function differs(before, after) {
  if (before.content && after.content) {
    return before.content.length !== after.content.length || before.content.some((one, at) => !Object.is(one, after.content[at]));
  }
  return !alike(before.value, after.value);
}

const told = (part, value) => (part.hidden ? 'a value that is hidden' : part.text ?? shown(value));

/** What differs between two snapshots, the outermost part of each change. */
function changes(before, after, advice) {
  const found = new Map();
  for (const name of new Set([...before.parts.keys(), ...after.parts.keys()])) {
    const [one, other] = [before.parts.get(name), after.parts.get(name)];
    if (one && other && !differs(one, other)) continue;
    found.set(name, [one, other]);
  }
  const marks = [];
  for (const [name, [one, other]] of found) {
    const within = (one ?? other).within;
    let around = within;
    let isInside = false;
    while (around !== undefined && !isInside) {
      isInside = found.has(around);
      around = (before.parts.get(around) ?? after.parts.get(around))?.within;
    }
    // What appears or goes with the whole that holds it is told by that.
    if (isInside) continue;
    const plain = name.trimEnd();
    const undo = one ? one.set : other.remove;
    const mark = {
      kind: (one ?? other).kind, key: name, name: plain, undo, after: other, variable: (one ?? other).variable,
      told: { ...(one ? { before: told(one, one.value) } : {}), ...(other ? { after: told(other, other.value) } : {}) },
    };
    const replaced = isMock(other?.value);
    if (replaced) mark.kind = 'patch';
    mark.remedy = advice(mark, replaced);
    marks.push(mark);
  }
  return withFakeTimers(marks, advice);
}

/** The same with what fake timers replace told as one thing. */
function withFakeTimers(marks, advice) {
  const globalOf = ({ name }) => name.match(/^globalThis\.(\w+)$/)?.[1];
  const timers = marks.filter((mark) => TIMERS.has(globalOf(mark)));
  if (timers.length < 2) return marks;
  const isPart = (mark) => TIMERS.has(globalOf(mark)) || WITH_TIMERS.has(globalOf(mark)) || /^(Date|performance)\.|^process\.(hrtime|nextTick)$/.test(mark.name);
  const parts = marks.filter(isPart);
  const names = timers.map(globalOf).sort();
  const fake = {
    kind: 'patch', name: `fake timers (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`,
    told: { before: 'off', after: 'on' }, undo: () => parts.forEach((mark) => mark.undo?.()), parts,
  };
  fake.remedy = advice(fake, false);
  return [fake, ...marks.filter((mark) => !isPart(mark))];
}

/** The names and prototypes that a realm is born with. */
function natives(global) {
  const names = { has: isNative };
  const prototypes = new Set();
  for (const realm of [globalThis, global]) {
    for (const name of ['Object', 'Function', 'Array', 'Map', 'Set', 'Error', 'Promise', 'Date', 'RegExp', 'Symbol', 'Number', 'String', 'Boolean']) {
      const prototype = own(own(realm, name)?.value ?? {}, 'prototype')?.value;
      if (prototype) prototypes.add(prototype);
    }
  }
  return { names, has: (prototype) => prototypes.has(prototype) };
}

let born;
function isNative(name) {
  born ??= new Set(require('node:vm').runInNewContext('Object.getOwnPropertyNames(globalThis)'));
  return born.has(name) || PLATFORM.has(name);
}
const PLATFORM = new Set(['console', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate',
  'queueMicrotask', 'structuredClone', 'fetch', 'Headers', 'Request', 'Response', 'FormData', 'WebSocket', 'URL', 'URLSearchParams', 'Buffer',
  'TextEncoder', 'TextDecoder', 'AbortController', 'AbortSignal', 'Event', 'EventTarget', 'performance', 'crypto', 'navigator', 'Blob', 'BroadcastChannel',
  'MessageChannel', 'MessagePort', 'localStorage', 'sessionStorage']);

module.exports = { Snapshot, changes, differs, isMock, isObject, natives, own };

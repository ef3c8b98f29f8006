// What V8 tells of functions by its inspector: the variables that they hold on to, which no other code can read.
'use strict';
const path = require('node:path');
const { isObject, own } = require('./state-snapshot.cjs');

/** What a module is given by its loader. */
const WRAPPER = new Set(['exports', 'require', 'module', '__filename', '__dirname', 'jest', 'arguments', 'this']);
const KEPT = Symbol.for('steadfast.functions');

/** What V8 itself tells of functions: where they stand in the project, and the variables that they hold on to. */
class Functions {
  scripts = new Map();
  known = new Map();

  constructor(root) {
    this.root = root;
    const { Session } = require('node:inspector');
    this.session = new Session();
  }

  post(method, parameters) {
    let reply;
    this.session.post(method, parameters, (error, result) => { reply = error ? undefined : result; });
    return reply;
  }

  /** Runs something while V8 can be asked; nothing where it can't. */
  asked(work, otherwise) {
    try {
      this.session.connect();
    } catch {
      return otherwise;
    }
    try {
      this.session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => this.scripts.set(scriptId, url));
      this.post('Debugger.enable');
      return work();
    } catch {
      return otherwise;
    } finally {
      delete process[KEPT];
      this.session.removeAllListeners();
      this.session.disconnect();
    }
  }

  /** The function's file, if it is the project's, and the variables around it. */
  look(fn) {
    process[KEPT] = { fn, scope: undefined };
    const { result } = this.post('Runtime.evaluate', { expression: 'process[Symbol.for("steadfast.functions")].fn' }) ?? {};
    const inner = result?.objectId && this.post('Runtime.getProperties', { objectId: result.objectId, ownProperties: true })?.internalProperties;
    const of = (name) => inner?.find((one) => one.name === name)?.value;
    const url = String(this.scripts.get(of('[[FunctionLocation]]')?.value?.scriptId) ?? '').replace(/^file:\/\//, '').replace(/\?.*$/, '');
    const isOurs = url.startsWith(this.root + path.sep) && !url.includes(`${path.sep}node_modules${path.sep}`);
    const variables = [];
    const scopes = of('[[Scopes]]')?.objectId;
    for (const { value } of (scopes && this.post('Runtime.getProperties', { objectId: scopes, ownProperties: true })?.result) || []) {
      if (!value?.objectId || /^(Global|Script)/.test(value.description)) continue;
      const functionDeclaration = 'function () { process[Symbol.for("steadfast.functions")].scope = this; }';
      this.post('Runtime.callFunctionOn', { objectId: value.objectId, functionDeclaration });
      const { scope } = process[KEPT];
      const held = isObject(scope?.object) ? scope.object : scope;
      for (const name of isObject(held) ? Object.getOwnPropertyNames(held) : []) {
        const found = own(held, name);
        if (found && 'value' in found) variables.push([name, found.value]);
      }
    }
    if (result?.objectId) this.post('Runtime.releaseObject', { objectId: result.objectId });
    const line = (of('[[FunctionLocation]]')?.value?.lineNumber ?? 0) + 1;
    return { file: isOurs ? path.relative(this.root, url) : undefined, line, variables };
  }

  /** The project's own function: the one that a runner wrapped, where it did. */
  unwrapped(fn, depth = 4) {
    if (typeof fn !== 'function') return undefined;
    if (this.known.has(fn)) return this.known.get(fn);
    this.known.set(fn, undefined);
    const { file, line, variables } = this.look(fn);
    let found = file === undefined ? undefined : { fn, file, line };
    if (!found && depth > 0) {
      for (const [, value] of variables) {
        if (typeof value === 'function') found ??= this.unwrapped(value, depth - 1);
      }
    }
    this.known.set(fn, found);
    return found;
  }

  /** The variables of the project's files that these functions hold on to: [file, name, value]. */
  held(functions) {
    return this.asked(() => {
      const found = [];
      const names = new Set();
      for (const wrapped of functions) {
        const { fn, file } = this.unwrapped(wrapped) ?? {};
        if (!fn) continue;
        for (const [name, value] of this.look(fn).variables) {
          if (WRAPPER.has(name) || name.startsWith('__vi_') || names.has(`${file}\n${name}`)) continue;
          names.add(`${file}\n${name}`);
          found.push([file, name, value]);
        }
      }
      return found;
    }, []);
  }

  /** The function's own file, text, and first line, as V8 compiled it. */
  source(wrapped) {
    const found = this.asked(() => this.unwrapped(wrapped), undefined);
    return found && { file: found.file, line: found.line, text: Function.prototype.toString.call(found.fn) };
  }
}

module.exports = { Functions };

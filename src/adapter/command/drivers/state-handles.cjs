// What was opened while a case ran and is still open, by the line that opened it.
'use strict';

/** What was opened while a case ran, and by which line. */
class Handles {
  KINDS = {
    Timeout: 'a timer', TCPSERVERWRAP: 'a server', TCPWRAP: 'a connection', PIPESERVERWRAP: 'a server', PROCESSWRAP: 'a child process',
    UDPWRAP: 'a socket', FSEVENTWRAP: 'a watcher of files', STATWATCHER: 'a watcher of files', WORKER: 'a worker',
  };
  open = new Map();

  constructor(place) {
    this.hook = require('node:async_hooks').createHook({
      init: (id, type, _, resource) => {
        const kind = this.KINDS[type];
        const where = kind && place(new Error().stack);
        if (where) this.open.set(id, { kind, where, resource: new WeakRef(resource) });
      },
      destroy: (id) => this.open.delete(id),
    }).enable();
  }

  left(advice) {
    this.hook.disable();
    const marks = [];
    for (const { kind, where, resource } of this.open.values()) {
      const handle = resource.deref();
      if (!handle || handle._destroyed || handle.hasRef?.() === false) continue;
      const owner = Object.getOwnPropertySymbols(handle).map((key) => handle[key]).find((one) => typeof one?.close === 'function' || typeof one?.destroy === 'function');
      const undo = kind === 'a timer' ? () => clearTimeout(handle) : owner ? () => (owner.close ?? owner.destroy).call(owner) : undefined;
      const mark = { kind: 'process', name: `${kind} that ${where} opened`, told: { after: 'open' }, undo, isHandle: true };
      mark.remedy = advice(mark, false);
      marks.push(mark);
    }
    return marks;
  }
}

module.exports = { Handles };

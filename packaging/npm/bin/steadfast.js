#!/usr/bin/env node
// Starts the program for this machine, which a package of its own carries.
'use strict';

const { spawn } = require('node:child_process');
const { constants } = require('node:os');

const carrier = `steadfast-testing-${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${carrier}/steadfast`);
} catch {
  console.error(`error: there is no steadfast for ${process.platform} on ${process.arch} here`);
  console.error(`help: install it with its optional dependencies (${carrier}), or build it: cargo build --release`);
  process.exit(2);
}

const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
// The terminal tells both of an interrupt; the program decides what becomes of it. Other signals are passed on.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal));
}
child.on('error', (error) => {
  console.error(`error: can't start ${program}: ${error.message}`);
  process.exit(2);
});
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));

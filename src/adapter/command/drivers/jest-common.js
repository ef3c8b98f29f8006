// What the two halves of the driver for Jest share: they run in one process, and never in a test's own realm.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');

const STATE = Symbol.for('steadfast.jest');
const state = (process[STATE] ??= { told: new Set(), segment: null });

/** A package of the project's Jest, wherever its package manager put it. */
function find(name, root) {
  const ways = [[], ['jest'], ['jest', '@jest/core'], ['jest-cli', '@jest/core'], ['jest', 'jest-cli', '@jest/core'],
    ['jest', 'jest-cli', 'jest-config'], ['react-scripts'], ['react-scripts', 'jest', '@jest/core']];
  for (const way of ways) {
    try {
      let from = createRequire(path.join(root, 'package.json'));
      for (const step of way) from = createRequire(from.resolve(step));
      return from(name);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND' && error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    }
  }
  throw new Error(`steadfast: no ${name} can be found from ${root}: this profile needs Jest 27 or later with jest-circus (--suite jest-processes takes older ones)`);
}

/** Adds a line to the results. */
function tell(object) {
  fs.appendFileSync(process.env.STEADFAST_RESULTS, JSON.stringify(object) + '\n');
}

/** What ids of a file's tests begin with. */
function keyOf(config, testPath) {
  const name = typeof config.displayName === 'string' ? config.displayName : config.displayName?.name;
  const file = path.relative(fs.realpathSync(process.cwd()), testPath);
  return name ? `[${name}] ${file}` : file;
}

const plain = (text) => String(text).replace(/\x1b\[[0-9;]*m/g, '');

module.exports = { state, find, tell, keyOf, plain };

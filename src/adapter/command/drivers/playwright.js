// A reporter for Playwright Test: lists its tests, or tells how each ended as it ends.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const tell = (object) => fs.appendFileSync(process.env.STEADFAST_RESULTS, JSON.stringify(object) + '\n');
const plain = (text) => String(text ?? '').replace(/\x1b\[[0-9;]*m/g, '');

module.exports = class Reporter {
  printsToStdio() {
    return false;
  }

  onBegin(config, suite) {
    this.ids = new Map();
    const seen = new Map();
    for (const test of suite.allTests()) {
      const [, project, file, ...titles] = test.titlePath();
      const name = `${project ? `[${project}] ` : ''}${file} > ${titles.join(' ')}`;
      // Repeated tests differ in their number only; those of one name are told apart by their lines.
      const key = `${name}\n${test.location.line}:${test.location.column}`;
      if (!seen.has(name)) seen.set(name, []);
      if (!seen.get(name).includes(key)) seen.get(name).push(key);
      const count = seen.get(name).indexOf(key) + 1;
      const id = count > 1 ? `${name} [${count}]` : name;
      this.ids.set(test, id);
      if (process.env.STEADFAST_LIST) {
        tell({ id, project: project || '', file: path.relative(process.cwd(), test.location.file), line: test.location.line, title: titles.join(' '), where: [project, file, ...titles].filter(Boolean).join(' ') });
      }
    }
  }

  onError(error) {
    if (process.env.STEADFAST_LIST) tell({ problem: plain(error.message ?? error.value) });
  }

  onTestBegin(test) {
    tell({ id: this.ids.get(test), outcome: 'started' });
  }

  onTestEnd(test, result) {
    const seconds = result.duration / 1000;
    const id = this.ids.get(test);
    const reason = test.annotations.find(({ type, description }) => (type === 'skip' || type === 'fixme') && description);
    if (result.status === 'skipped') {
      tell({ id, outcome: 'skipped', message: reason?.description ?? 'the test is marked to be skipped' });
    } else if (result.status === test.expectedStatus) {
      tell({ id, outcome: 'passed', seconds });
    } else {
      const message = plain(result.error?.message ?? result.error?.value ?? `it ${result.status}, and is expected to be ${test.expectedStatus}`);
      tell({ id, outcome: 'failed', message, details: plain(result.error?.stack ?? message), seconds });
    }
  }
};

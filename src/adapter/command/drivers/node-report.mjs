// Tells how the cases that were asked for ended. They end in the order in which they were registered; what a test runs within
// itself ends deeper than it does.
import fs from 'node:fs';

const tell = (object) => fs.appendFileSync(process.env.STEADFAST_RESULTS, JSON.stringify(object) + '\n');

function result(data, hasPassed) {
  const seconds = (data.details?.duration_ms ?? 0) / 1000;
  const reason = (value) => (typeof value === 'string' && value !== '' ? value : null);
  if (data.skip !== undefined && data.skip !== false) {
    return { outcome: 'skipped', message: reason(data.skip) ?? 'the test is marked to be skipped', seconds };
  }
  if (hasPassed) return { outcome: 'passed', seconds };
  const error = data.details?.error;
  const cause = error?.cause ?? error;
  const message = String(cause?.message ?? cause ?? error?.message ?? '');
  if (data.todo !== undefined && data.todo !== false) {
    return { outcome: 'skipped', message: `todo, and fails: ${message}`, seconds };
  }
  return { outcome: 'failed', message, details: String(cause?.stack ?? error?.stack ?? message), seconds };
}

export default async function* report(source) {
  let at = 0;
  for await (const { type, data } of source) {
    const next = globalThis[Symbol.for('steadfast.node.asked')]?.[at];
    if (type === 'test:pass' || type === 'test:fail') {
      const isSuite = data.details?.type === 'suite';
      if (next && data.nesting === next.depth && data.name === next.name && isSuite === next.isSuite) {
        tell({ id: next.id, ...result(data, type === 'test:pass') });
        globalThis[Symbol.for('steadfast.node.told')].add(next);
        at += 1;
      } else if (type === 'test:fail' && data.nesting === 0 && isSuite && data.details?.error?.failureType === 'hookFailed') {
        tell({ note: `a hook of ${data.name} failed: ${data.details.error.message}` });
      }
    } else if (type === 'test:stdout' || type === 'test:stderr') {
      yield data.message;
    }
  }
}

// Lists the tests of a project with Bun, or runs those of a file that are asked for, in the order in which they stand in it, and
// tells how each ended when all have.
//     bun.mjs list RESULTS -- [ARGUMENTS OF BUN TEST]
//     bun.mjs run RESULTS FILE ORDER -- [ARGUMENTS OF BUN TEST]
//     bun.mjs plain RESULTS -- [ARGUMENTS OF BUN TEST]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const [mode, results, ...rest] = process.argv.slice(2);
const given = rest.slice(rest.indexOf('--') + 1);
const tell = (object) => fs.appendFileSync(results, JSON.stringify(object) + '\n');
const text = (raw) => raw.replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(parseInt(code, 16)))
  .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
  .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&amp;/g, '&');
const fields = (raw) => Object.fromEntries([...raw.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, text(value)]));

/** Runs Bun's tests, and says what its JUnit file tells of each. */
function tests(more) {
  const file = `${results}.xml`;
  fs.rmSync(file, { force: true });
  const { status, stderr } = spawnSync(process.execPath, ['test', ...given, ...more, '--reporter=junit', `--reporter-outfile=${file}`], { stdio: ['ignore', 'inherit', 'pipe'] });
  process.stderr.write(stderr);
  const found = [];
  const seen = new Map();
  const around = [];
  const xml = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  for (const [, close, tag, raw, single] of xml.matchAll(/<(\/?)(testsuite|testcase|failure|error|skipped)\b((?:[^>"]|"[^"]*")*?)(\/?)>/g)) {
    const of = close ? {} : fields(raw);
    if (tag === 'testsuite') {
      if (close) around.pop();
      else if (!single) around.push(of);
    } else if (tag === 'testcase' && !close) {
      const titles = [...around.slice(1).map(({ name }) => name), of.name];
      const name = `${around[0].file} > ${titles.join(' > ')}`;
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      found.push({ id: count > 1 ? `${name} [${count}]` : name, file: around[0].file, line: Number(of.line) || 1, name: titles.join(' '), outcome: 'passed', seconds: Number(of.time) });
    } else if (!close && tag === 'skipped') {
      Object.assign(found.at(-1), { outcome: 'skipped', message: 'the test is marked to be skipped' });
    } else if (!close) {
      Object.assign(found.at(-1), { outcome: 'failed', message: (of.message ?? 'it failed').trim(), details: String(stderr) });
    }
  }
  return { status, found };
}

if (mode === 'list') {
  // No name has anything before its beginning: all tests are told, and none is run.
  const { found } = tests(['-t', 'a^']);
  for (const { id, file, line, name } of found) tell({ id, file, line, name });
  process.exit(found.length > 0 ? 0 : 1);
}
if (mode === 'plain') {
  const { status, found } = tests([]);
  for (const { id, outcome, message } of found) tell({ id, outcome, message });
  process.exit(status ?? 1);
}
const [file, order] = rest;
const asked = fs.readFileSync(order, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const literal = (name) => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const { status, found } = tests([`./${file}`, '-t', `^(${asked.map(({ name }) => literal(name)).join('|')})$`]);
const wanted = new Set(asked.map(({ id }) => id));
for (const { id, outcome, message, details, seconds } of found) if (wanted.has(id)) tell({ id, outcome, message, details, seconds });
process.exit(status ?? 1);

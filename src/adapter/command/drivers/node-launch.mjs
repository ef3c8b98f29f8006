// Starts Node for files of tests: one process for each, as `node --test` does.
//     node-launch.mjs list RESULTS -- [OPTIONS OF NODE] [FILES, FOLDERS]
//     node-launch.mjs plain RESULTS -- [OPTIONS OF NODE] [FILES, FOLDERS]        node --test as it is
//     node-launch.mjs parallel RESULTS -- …                                      the same, four files at once
//     node-launch.mjs run RESULTS FILE ORDER -- [OPTIONS OF NODE] [FILES, FOLDERS]
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const [mode, results, ...rest] = process.argv.slice(2);
const given = rest.slice(rest.indexOf('--') + 1);
const VALUED = new Set(['--import', '--require', '-r', '--loader', '--experimental-loader', '--env-file', '-C', '--conditions']);
const options = [];
const named = [];
for (let at = 0; at < given.length; at += 1) {
  if (!given[at].startsWith('-')) named.push(given[at]);
  else if (!given[at].startsWith('--test')) options.push(given[at], ...(VALUED.has(given[at]) ? [given[++at]] : []));
}

function below(folder) {
  const found = [];
  for (const entry of fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) found.push(...below(file));
    else if (entry.isFile()) found.push(file);
  }
  return found;
}

/** What `node --test` takes for a test where it is given nothing, or a folder. */
function isTest(file) {
  const { name, ext, dir } = path.parse(file);
  if (!['.js', '.cjs', '.mjs'].includes(ext)) return false;
  return /^test$|^test-|[._-]test$/.test(name) || dir.split(path.sep).includes('test');
}

function files() {
  if (named.length === 0) return below('.').filter(isTest);
  return named.flatMap((name) => (fs.statSync(name).isDirectory() ? below(name).filter((file) => /\.[cm]?js$/.test(file)) : [name]));
}

function start(file, environment) {
  const report = ['--test-reporter', path.join(here, 'node-report.mjs'), '--test-reporter-destination', 'stdout'];
  const all = [...options, ...(mode === 'run' ? report : []), path.join(here, 'node-drive.mjs'), file];
  const env = { ...process.env, STEADFAST_RESULTS: results, ...environment };
  const child = spawn(process.execPath, all, { stdio: 'inherit', env });
  return new Promise((done) => child.on('close', (code, signal) => done(signal ? 128 : code)));
}

if (mode === 'plain' || mode === 'parallel') {
  const report = ['--test-reporter', path.join(here, 'node-plain.mjs'), '--test-reporter-destination', 'stdout'];
  const child = spawn(process.execPath, [...options, '--test', ...(mode === 'parallel' ? ['--test-concurrency=4'] : []), ...report, ...files()], {
    stdio: 'inherit', env: { ...process.env, STEADFAST_RESULTS: results },
  });
  process.exitCode = await new Promise((done) => child.on('close', (code) => done(code ?? 1)));
} else if (mode === 'run') {
  process.exitCode = await start(rest[0], { STEADFAST_ORDER: rest[1] });
} else {
  for (const file of files()) process.exitCode = (await start(path.normalize(file), {})) || process.exitCode;
}

// Runs Vitest for the tests that are asked for, files in the order in which they are asked for, one after another; or lists all.
//     vitest-launch.mjs list RESULTS -- [ARGUMENTS OF VITEST]
//     vitest-launch.mjs run RESULTS ORDER -- [ARGUMENTS OF VITEST]
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const [mode, results, ...rest] = process.argv.slice(2);
const given = rest.slice(rest.indexOf('--') + 1);
process.env.STEADFAST_RESULTS = results;
process.env.STEADFAST_ROOT = process.cwd();
process.env.VITEST ??= 'true';
process.env.TEST ??= 'true';
process.env.NODE_ENV ??= 'test';

const require = createRequire(path.join(process.cwd(), 'package.json'));
const manifest = require.resolve('vitest/package.json');
const pick = (entry) => (typeof entry === 'string' ? entry : pick(entry.import ?? entry.default));
const of = (name) => pathToFileURL(path.join(path.dirname(manifest), pick(JSON.parse(fs.readFileSync(manifest, 'utf8')).exports[name]))).href;
const { startVitest, parseCLI, BaseSequencer } = await import(of('./node'));

/** The order cut into passes, each of which visits a file once. */
function passes() {
  const found = [];
  let last = null;
  for (const line of fs.readFileSync(rest[0], 'utf8').split('\n').filter(Boolean)) {
    const { id, path: file } = JSON.parse(line);
    if (found.length === 0 || (file !== last && found.at(-1).has(file))) found.push(new Map());
    const pass = found.at(-1);
    if (!pass.has(file)) pass.set(file, []);
    pass.get(file).push(id);
    last = file;
  }
  return found;
}

const { filter, options } = parseCLI(['vitest', 'run', ...given]);
const fileOf = (spec) => spec.moduleId ?? spec[1];

async function play(pass) {
  const places = new Map([...(pass?.keys() ?? [])].map((file, at) => [file, at]));
  class Sequencer extends BaseSequencer {
    async shard(specs) {
      return specs;
    }

    async sort(specs) {
      const known = specs.filter((spec) => !pass || places.has(fileOf(spec)));
      if (!pass) return known.sort((one, other) => (fileOf(one) < fileOf(other) ? -1 : 1));
      return known.sort((one, other) => places.get(fileOf(one)) - places.get(fileOf(other)));
    }
  }
  if (pass) {
    process.env.STEADFAST_ORDER = `${results}.order`;
    fs.writeFileSync(process.env.STEADFAST_ORDER, JSON.stringify(Object.fromEntries(pass)));
  }
  const vitest = await startVitest('test', pass ? [...pass.keys()] : filter, {
    ...options,
    run: true,
    watch: false,
    runner: path.join(here, 'vitest-runner.mjs'),
    sequence: { ...options.sequence, shuffle: false, concurrent: false, sequencer: Sequencer },
    fileParallelism: false,
    coverage: { enabled: false },
    bail: 0,
    retry: 0,
    reporters: [{}],
    passWithNoTests: true,
  });
  await vitest?.close();
}

try {
  if (mode === 'run') for (const pass of passes()) await play(pass);
  else await play(null);
} catch (error) {
  console.error(error);
  process.exit(1);
}
// What fails when all is listed is told by its file.
process.exit(mode === 'list' && !fs.existsSync(results) ? 1 : mode === 'list' ? Number(fs.readFileSync(results, 'utf8').includes('{"problem":')) : process.exitCode ?? 0);

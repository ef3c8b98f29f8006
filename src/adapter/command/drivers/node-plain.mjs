// Tells how tests ended that Node ran by itself, each by its file and the titles around it.
import fs from 'node:fs';
import path from 'node:path';

const tell = (object) => fs.appendFileSync(process.env.STEADFAST_RESULTS, JSON.stringify(object) + '\n');
const isSaid = (value) => value !== undefined && value !== false;

export default async function* report(source) {
  const titles = new Map();
  for await (const { type, data } of source) {
    const { file = '', nesting, name } = data;
    if (type === 'test:start') titles.set(file, [...(titles.get(file) ?? []).slice(0, nesting), name]);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const around = (titles.get(file) ?? []).slice(0, nesting);
    if (data.details?.type === 'suite' && !isSaid(data.skip)) continue;
    const outcome = isSaid(data.skip) ? 'skipped' : type === 'test:pass' ? 'passed' : isSaid(data.todo) ? 'skipped' : 'failed';
    tell({ id: `${path.relative(process.cwd(), file)} > ${[...around, name].join(' ')}`, outcome });
  }
}

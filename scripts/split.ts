import { parseArgs } from 'node:util';
import { findConfig, loadConfig } from '../src/config.ts';
import { createTenantry } from '../src/index.ts';

// Cuts the range that holds a key in two: node scripts/split.ts KEY [--config FILE] [--map NAME]
// A program over the library to copy and change; `tenantry range split` is the same with dry run, JSON and help.
const { values, positionals } = parseArgs({ allowPositionals: true, options: { config: { type: 'string' }, map: { type: 'string' } } });
const [key] = positionals;
if (key === undefined || positionals.length > 1) throw new Error('One key is needed: the first of the second range.');

const tenantry = await createTenantry(loadConfig(findConfig(values.config, process.env, process.cwd())));
try {
  const { description } = await tenantry.admin.ranges.split({ text: key }, { map: values.map });
  console.log(description);
} finally {
  await tenantry.close();
}

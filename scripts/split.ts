import { parseArgs } from 'node:util';
import { createTenantry, loadConfig } from '../src/index.ts'; // 'tenantry', in a program of your own

// Cuts the range that holds a key in two: node scripts/split.ts KEY [--config FILE] [--map NAME]
// A program over the library to copy and change; `tenantry range split` is the same with dry run, JSON and help.
const { values, positionals } = parseArgs({ allowPositionals: true, options: { config: { type: 'string' }, map: { type: 'string' } } });
const [key] = positionals;
if (key === undefined || positionals.length > 1) {
  console.error('error: one key is needed, the first of the second range');
  process.exit(1);
}

const tenantry = await createTenantry(loadConfig(values.config ?? process.env['TENANTRY_CONFIG'] ?? './tenantry.config.ts'));
try {
  const { description } = await tenantry.admin.ranges.split({ text: key }, { map: values.map });
  console.log(description);
} finally {
  await tenantry.close();
}

import { parseArgs } from 'node:util';
import { createTenantry, loadConfig } from '../src/index.ts'; // 'tenantry', in a program of your own

// Makes one range of the two that meet at a key: node scripts/merge.ts KEY [--config FILE] [--map NAME]
// A program over the library to copy and change; `tenantry range merge` is the same with dry run, JSON and help.
const { values, positionals } = parseArgs({ allowPositionals: true, options: { config: { type: 'string' }, map: { type: 'string' } } });
const [key] = positionals;
if (key === undefined || positionals.length > 1) {
  console.error('error: one key is needed, the one at which two ranges meet');
  process.exit(1);
}

const tenantry = await createTenantry(loadConfig(values.config ?? process.env['TENANTRY_CONFIG'] ?? './tenantry.config.ts'));
try {
  const { description } = await tenantry.admin.ranges.merge({ text: key }, { map: values.map });
  console.log(description);
} finally {
  await tenantry.close();
}

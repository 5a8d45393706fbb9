import { parseArgs } from 'node:util';
import { curl, type Service } from './elastic/http.ts';
import { tell } from './elastic/narrator.ts';
import type { Stage } from './elastic/stage.ts';
import { tellElastic } from './elastic/tell.ts';

// The story of a blogging service, on real servers: every sentence is checked, and where one is not so the demo ends with 1.
const { keep } = parseArgs({ options: { keep: { type: 'boolean', default: false } } }).values;
const started = performance.now();

await tell((narrator) =>
  tellElastic(narrator, {
    laterTable: false,
    atTheEnd: async (stage, service) => {
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      process.stdout.write(`\n${narrator.checked} statements checked, all as told, in ${seconds} s.\n`);
      if (!keep) return;
      const lines = linesToPaste(stage, service).join('\n');
      process.stdout.write(`\nEverything runs until Ctrl-C. To look around, paste in another terminal, in this folder:\n\n${lines}\n`);
      await interrupted();
    },
  }),
);

function linesToPaste({ environment, servers, catalog }: Stage, service: Service): string[] {
  return [
    ...Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`),
    ...['tenant list', 'doctor', 'policy apply --dry-run'].map((line) => `npm run -s tenantry -- ${line}`),
    ...service.tokens.map((token) => curl(service, '/v1/Blogs', token)),
    `curl -s ${service.ops}/metrics`,
    ...[...servers.map((server) => server.url('blogging')), catalog.url('catalog')].map((url) => `psql '${url}'`),
  ];
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

import { parseArgs } from 'node:util';
import { tellElastic } from './scenario/elastic/tell.ts';
import { tell } from './scenario/narrator.ts';
import { curl, type Service, type Token } from './scenario/service.ts';
import type { Stage } from './scenario/stage.ts';

// The story of a blogging service, on real servers: every sentence is checked, and where one is not so the demo ends with 1.
const { keep } = parseArgs({ options: { keep: { type: 'boolean', default: false } } }).values;
const started = performance.now();

await tell((narrator) =>
  tellElastic(narrator, {
    laterTable: false,
    atTheEnd: async (stage, service, tokens) => {
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      process.stdout.write(`\n${narrator.checked} statements checked, all as told, in ${seconds} s.\n`);
      if (!keep) return;
      const lines = linesToPaste(stage, service, tokens).join('\n');
      process.stdout.write(`\nEverything runs until Ctrl-C. To look around, paste in another terminal, in this folder:\n\n${lines}\n`);
      await interrupted();
    },
  }),
);

function linesToPaste({ environment, servers, catalog }: Stage, service: Service, tokens: readonly Token[]): string[] {
  return [
    ...Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`),
    ...['tenant list', 'doctor', 'policy apply --dry-run'].map((line) => `npm run -s tenantry -- ${line}`),
    ...tokens.map(({ text }) => curl(service, '/v1/Blogs', text)),
    `curl -s ${service.ops}/metrics`,
    ...[...servers.map((server) => server.url('blogging')), catalog.url('catalog')].map((url) => `psql '${url}'`),
  ];
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

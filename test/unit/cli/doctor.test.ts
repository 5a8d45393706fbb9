import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/cli/services.ts';
import { itemsOf, runCommand } from '../../support/command-line.ts';
import { sampleConfig, sampleEnvironment } from '../config/sample.ts';
import { offlineServices } from './offline-services.ts';

const found: readonly Finding[] = [
  { subject: 'catalog', level: 'ok', text: 'It answers.' },
  { subject: 'shard a', level: 'warning', text: 'It is slow.', remedy: 'vacuum', advice: 'it takes a while' },
  { subject: 'shard a', level: 'problem', text: 'It is far away.', advice: 'move it' },
];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-doctor-'));
  await writeFile(join(folder, 'tenantry.config.json'), JSON.stringify(sampleConfig()));
});
afterAll(() => rm(folder, { recursive: true }));

describe('tenantry doctor', () => {
  test('says what it finds at once, and not only when it has looked at everything', async () => {
    let said = '';
    const saidBefore: string[] = [];
    async function* diagnose(): AsyncGenerator<Finding, void, undefined> {
      for (const finding of found) {
        saidBefore.push(said);
        yield finding;
      }
    }
    const services = { ...offlineServices, diagnose };
    const onOutput = (text: string): void => void (said += text);
    const { code, out } = await runCommand(['doctor'], { folder, environment: { ...sampleEnvironment }, services, onOutput });
    const configuration = 'ok       configuration: It is valid, and every variable that it needs is set.\n';
    const warned = `warning  shard a: It is slow.\n         run: vacuum\n         note: it takes a while\n`;
    const before = [
      configuration,
      `${configuration}ok       catalog: It answers.\n`,
      `${configuration}ok       catalog: It answers.\n${warned}`,
    ];
    expect(saidBefore).toEqual(before);
    expect({ code, out }).toEqual({
      code: 2,
      out: `${before[2]}problem  shard a: It is far away.\n         what helps: move it\n`,
    });
  });

  test('as JSON is one array', async () => {
    const services = {
      ...offlineServices,
      async *diagnose(): AsyncGenerator<Finding, void, undefined> {
        yield* found;
      },
    };
    const { out } = await runCommand(['doctor', '--json'], { folder, environment: { ...sampleEnvironment }, services });
    expect(itemsOf(out)).toEqual([expect.objectContaining({ subject: 'configuration', level: 'ok' }), ...found]);
  });
});

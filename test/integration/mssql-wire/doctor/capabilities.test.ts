import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../../src/cli/services.ts';
import { capabilityNames } from '../../../../src/core/capability-settings.ts';
import { columnsOf, type Said } from '../../../support/library-answers.ts';
import { allFindings, findings, inOrder, onShard, type Asked } from '../../../support/scripted-diagnosis.ts';

describe('plans of tenants that may be parallel', () => {
  const { columns } = inOrder['engine/server'];
  const parallel = { 'engine/server': { columns, rows: [[16, 3, 160, false, true]] } } as const;

  test('are one problem, with every remedy that the gate takes', async () => {
    expect(await findings(parallel)).toEqual([
      {
        ...onShard,
        level: 'problem',
        text: expect.stringContaining("tenants' statements may run in parallel plans"),
        remedy: 'ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 1',
        advice: expect.stringMatching(/trace flag 11042.*Resource Governor group with MAX_DOP = 1.*serialPlans: true/),
      },
    ]);
  });

  test('are a warning where the configuration says that they are serial', async () => {
    expect(await findings(parallel, { capabilities: { serialPlans: true } })).toEqual([
      {
        ...onShard,
        level: 'warning',
        text: 'Nothing shows that it has serialPlans, and the configuration says that it has.',
        advice: expect.any(String),
      },
    ]);
  });

  test('are looked for by admin while a connection of app is open, whose group then shows', async () => {
    const asked: [Asked, number][] = [];
    await findings({}, { onAsked: (...question) => asked.push(question) });
    const gateAsked = asked.findIndex(([file]) => file === 'policy/gate');
    const byAdmin = asked.findIndex(([file], index) => file === 'engine/server' && index > gateAsked);
    expect(byAdmin).toBeGreaterThan(gateAsked);
    expect(asked[byAdmin]![1]).toBe(2);
  });
});

describe('what the server is able to do', () => {
  const engineServer = (...facts: readonly [number, number, number, boolean, boolean]): Partial<Record<Asked, Said>> => ({
    'engine/server': { columns: columnsOf['engine/server'], rows: [[...facts]] },
  });

  test('is told of a shard in order too', async () => {
    const capabilities =
      'Its capabilities: securityPolicies, readOnlyContext, jsonTables, serialPlans, resetClearsContext, changeTracking.';
    expect((await allFindings()).map((finding) => [finding.level, finding.text])).toEqual([
      ['ok', capabilities],
      ['ok', expect.stringContaining('It answers')],
    ]);
  });

  test('is told as none where it is none', async () => {
    const none = Object.fromEntries(capabilityNames.map((name) => [name, false]));
    const [{ text: said }] = (await allFindings({}, { capabilities: none })) as [Finding];
    expect(said).toBe(`Its capabilities: none; it lacks ${capabilityNames.map((name) => `${name} (as configured)`).join(', ')}.`);
  });

  test('is a problem where lists are not read, with the level that reads them', async () => {
    expect(await findings(engineServer(16, 3, 120, true, true))).toEqual([
      {
        ...onShard,
        level: 'problem',
        text: expect.stringContaining('it does not read lists from JSON'),
        remedy: 'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150',
      },
    ]);
  });

  const unchecked: Partial<Record<Asked, Said>> = {
    ...engineServer(16, 3, 160, true, false),
    // What is not there is not looked at.
    'doctor/change-tracking': { error: 50_000 },
  };

  test('keeps nothing else from being looked at, where it is only warned of', async () => {
    const { columns } = inOrder['policy/tables'];
    const said = { ...unchecked, 'policy/tables': { columns, rows: [['dbo', 'Blogs', 'TenantId', 'routed', false, '[]', '[]']] } } as const;
    expect((await findings(said)).map(({ text: found }) => found)).toEqual([
      expect.stringContaining('Change tracking is off'),
      'The protection of dbo.Blogs is not what the configuration says.',
    ]);
  });

  test('warns of changes that are not tracked, with what needs them and what to run', async () => {
    const [capabilities, ...found] = await allFindings(unchecked);
    expect(capabilities).toMatchObject({ level: 'ok', text: expect.stringMatching(/; it lacks changeTracking\.$/) });
    expect(found).toEqual([
      {
        ...onShard,
        level: 'warning',
        text: 'Change tracking is off: tenants cannot be moved from here while they work.',
        remedy: expect.stringMatching(/^ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON \([^)]*\)$/),
        advice: expect.stringContaining('capabilities: { changeTracking: false }'),
      },
    ]);
  });

  test('demands no tracking of changes where the configuration does without, whether there is some or not', async () => {
    const capabilities = { changeTracking: false } as const;
    const inOrderWithout = [
      { ...onShard, level: 'ok', text: expect.stringMatching(/; it lacks changeTracking \(as configured\)\.$/) },
      { ...onShard, level: 'ok', text: expect.stringContaining('It answers') },
    ];
    expect(await allFindings(unchecked, { capabilities })).toEqual(inOrderWithout);
    expect(await allFindings({ 'doctor/change-tracking': { error: 50_000 } }, { capabilities })).toEqual(inOrderWithout);
  });

  test('holds the configuration to what it claims of the tracking of changes', async () => {
    const [capabilities, ...found] = await allFindings(unchecked, { capabilities: { changeTracking: true } });
    expect(capabilities).toMatchObject({ text: expect.stringMatching(/, changeTracking \(as configured\)\.$/) });
    expect(found).toEqual([
      {
        ...onShard,
        level: 'warning',
        text: 'Nothing shows that it has changeTracking, and the configuration says that it has.',
        advice: expect.stringContaining('take capabilities.changeTracking out'),
      },
    ]);
  });

  test('warns where connections serve one use each, unless the configuration knows of it', async () => {
    const unknown = engineServer(12, 3, 150, true, true);
    const able = { securityPolicies: true, readOnlyContext: true } as const;
    const ofResets = (all: readonly Finding[]): string[] => all.filter(({ level }) => level !== 'ok').map(({ text: said }) => said);
    expect(ofResets(await findings(unknown, { capabilities: able }))).toContainEqual(
      expect.stringContaining('each connection serves one use'),
    );
    expect(ofResets(await findings(unknown, { capabilities: { ...able, resetClearsContext: false } }))).not.toContainEqual(
      expect.stringContaining('one use'),
    );
    expect(ofResets(await findings(unknown, { capabilities: { ...able, resetClearsContext: true } }))).toContainEqual(
      expect.stringContaining('Nothing shows that it has resetClearsContext'),
    );
  });
});

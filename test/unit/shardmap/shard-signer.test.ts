import { describe, expect, it } from 'vitest';
import { longestOverrideMs, type NumberedShardStatement } from '../../../src/core/shard-signer.ts';
import { LatestStatements } from '../../../shardmap/latest-statements.ts';
import { fleetKeyFromBase64 } from '../../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../../shardmap/shard-signer.ts';

const key = (byte: number): ReturnType<typeof fleetKeyFromBase64> => fleetKeyFromBase64(Buffer.alloc(32, byte).toString('base64'), 'it');
const shardId = '00000000-0000-4000-8000-000000000001';
const nowMs = Date.UTC(2026, 0, 2);
const overridden = (number: number, untilMs = 1_000): NumberedShardStatement => ({ says: 'overridden', number, untilMs });
const accepted = (number: number): NumberedShardStatement => ({
  says: 'accepted',
  format: 2,
  number,
  fingerprint: 'ab',
  validUntilMs: null,
});

it('takes no statement for the last one once it has checked a later one of its kind, by whichever key', () => {
  const latest = new LatestStatements();
  const before = createShardSigner({ current: key(1) }, shardId);
  const signer = createShardSigner({ current: key(2), previous: key(1) }, shardId, latest);
  const older = before.sign(accepted(5));
  expect(signer.check(accepted(5), older, nowMs)).toBe('signed');
  expect(signer.check(overridden(9), signer.sign(overridden(9)), nowMs)).toBe('signed');
  expect(signer.check(accepted(5), older, nowMs)).toBe('signed');
  expect(signer.check(accepted(6), signer.sign(accepted(6)), nowMs)).toBe('signed');
  expect(signer.check(accepted(5), older, nowMs)).toBe('outdated');
  expect(latest.at(shardId, nowMs)).toEqual({ accepted: 6, overridden: 9 });
});

it('learns nothing from what no key of the fleet has signed', () => {
  const latest = new LatestStatements();
  const signer = createShardSigner({ current: key(1) }, shardId, latest);
  const foreign = createShardSigner({ current: key(2) }, shardId);
  expect(signer.check(accepted(7), foreign.sign(accepted(7)), nowMs)).toBe('unsigned');
  expect(signer.check(accepted(8), signer.sign(accepted(7)), nowMs)).toBe('unsigned');
  expect(latest.at(shardId, nowMs)).toEqual({ accepted: 0, overridden: 0 });
  expect(signer.check(accepted(6), signer.sign(accepted(6)), nowMs)).toBe('signed');
});

it('numbers a statement by the time, or after the last that it knows of', () => {
  const latest = new LatestStatements();
  latest.hear({ shardId, acceptedNumber: 100, overrideNumber: 300 });
  const signer = createShardSigner({ current: key(1) }, shardId, latest);
  expect(signer.numberAt('accepted', 200.5)).toBe(200);
  expect(signer.numberAt('overridden', 200)).toBe(301);
});

it('believes of nobody what the program could not have made by now, and learns nothing from it', () => {
  const latest = new LatestStatements();
  const signer = createShardSigner({ current: key(1) }, shardId, latest);
  const checked = (statement: NumberedShardStatement): string => signer.check(statement, signer.sign(statement), nowMs);
  const furthest = nowMs + 86_400_000;
  expect(checked(overridden(nowMs, nowMs + longestOverrideMs + 1))).toBe('unbelievable');
  expect(checked(overridden(nowMs, Date.UTC(9000, 0, 1)))).toBe('unbelievable');
  expect(checked(overridden(furthest + 1, furthest + 2))).toBe('unbelievable');
  expect(checked(accepted(furthest + 1))).toBe('unbelievable');
  expect(checked(accepted(Number.MAX_SAFE_INTEGER))).toBe('unbelievable');
  expect(latest.at(shardId, nowMs)).toEqual({ accepted: 0, overridden: 0 });
  expect(checked(overridden(nowMs, nowMs + longestOverrideMs))).toBe('signed');
  expect(checked(accepted(furthest))).toBe('signed');
  expect(signer.isSigned(accepted(furthest + 1), signer.sign(accepted(furthest + 1)))).toBe(true);
});

it('goes by no number that it was told and that nobody could have made by now', () => {
  const latest = new LatestStatements();
  latest.hear({ shardId, acceptedNumber: Number.MAX_SAFE_INTEGER });
  const signer = createShardSigner({ current: key(1) }, shardId, latest);
  expect(signer.numberAt('accepted', nowMs)).toBe(nowMs);
  expect(signer.check(accepted(nowMs), signer.sign(accepted(nowMs)), nowMs)).toBe('signed');
});

describe('a number of a time when the clock of the shard was ahead', () => {
  const dayMs = 86_400_000;
  const whileAhead = nowMs + 3 * dayMs;
  const afterwards = whileAhead - dayMs / 2;

  it.each(['the catalog told', 'was seen'])('is forgotten for what is believed now, where %s it, before its time comes again', (by) => {
    const latest = new LatestStatements(() => nowMs);
    const signer = createShardSigner({ current: key(1) }, shardId, latest);
    const check = (number: number, atMs: number): string => signer.check(accepted(number), signer.sign(accepted(number)), atMs);
    if (by === 'was seen') expect(check(whileAhead, whileAhead)).toBe('signed');
    else latest.hear({ shardId, acceptedNumber: whileAhead });
    expect(check(nowMs, nowMs)).toBe('signed');
    expect(check(nowMs, afterwards)).toBe('signed');
    expect(check(nowMs - 1, afterwards)).toBe('outdated');
    expect(signer.numberAt('accepted', afterwards)).toBe(afterwards);
  });

  it('takes nothing from what was seen, when the catalog tells it', () => {
    const latest = new LatestStatements(() => nowMs);
    const signer = createShardSigner({ current: key(1) }, shardId, latest);
    const check = (number: number): string => signer.check(accepted(number), signer.sign(accepted(number)), nowMs);
    expect(check(nowMs)).toBe('signed');
    latest.hear({ shardId, acceptedNumber: whileAhead });
    expect(check(nowMs - 1)).toBe('outdated');
  });

  it('is forgotten where the catalog tells another, whether anything was checked meanwhile or not', () => {
    const latest = new LatestStatements(() => nowMs);
    const signer = createShardSigner({ current: key(1) }, shardId, latest);
    latest.hear({ shardId, acceptedNumber: whileAhead });
    latest.hear({ shardId, acceptedNumber: nowMs });
    expect(signer.check(accepted(nowMs), signer.sign(accepted(nowMs)), afterwards)).toBe('signed');
  });

  it('is none that the clock of the machine allows: where the shard’s is behind, nothing older is taken, and what is signed comes after', () => {
    const latest = new LatestStatements(() => nowMs);
    const signer = createShardSigner({ current: key(1) }, shardId, latest);
    const check = (number: number, atMs: number): string => signer.check(accepted(number), signer.sign(accepted(number)), atMs);
    const behind = nowMs - 10 * dayMs;
    latest.hear({ shardId, acceptedNumber: nowMs });
    expect(check(behind - 1, behind)).toBe('outdated');
    expect(signer.numberAt('accepted', behind)).toBe(nowMs + 1);
    expect(check(nowMs + 1, behind)).toBe('unbelievable');
    expect(check(behind - 1, nowMs)).toBe('outdated');
    expect(check(nowMs + 1, nowMs)).toBe('signed');
    expect(check(behind - 1, behind)).toBe('outdated');
  });
});

it('takes no statement for the last one that the catalog told to be an older one, whatever it tells later', () => {
  const latest = new LatestStatements();
  const signer = createShardSigner({ current: key(1) }, shardId, latest);
  const check = (number: number): string => signer.check(accepted(number), signer.sign(accepted(number)), nowMs);
  latest.hear({ shardId, acceptedNumber: 6 });
  expect(check(5)).toBe('outdated');
  latest.hear({ shardId, acceptedNumber: 4 });
  expect(check(5)).toBe('outdated');
  expect(check(6)).toBe('signed');
});

import { describe, expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { SqlFailure, type LetsInLater } from '../../../src/engine/sql-failure.ts';
import { Waking } from '../../../src/engine/waking.ts';

const cause = (letsInLater?: LetsInLater): SqlFailure => new SqlFailure({ number: 1, letsInLater });
const said = (letsInLater?: LetsInLater, retryAfterMs?: number): TenantryError =>
  new TenantryError('SHARD_UNAVAILABLE', 'said', { cause: cause(letsInLater), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
const asleep = said('awake');
const busy = said('left alone');
const silence = new TenantryError('SHARD_UNAVAILABLE', 'silence');

describe('what a server has said of a database that lets nobody in yet', () => {
  it.each([
    [asleep, 'a paused one takes about a minute to wake up', 10_000],
    [said('awake', 7_000), 'a paused one takes about a minute to wake up', 7_000],
    [busy, 'asks to be left alone for a while', 10_000],
    [
      new TenantryError('OVERLOADED', 'said', { cause: cause('left alone'), retryAfterMs: 5_000 }),
      'asks to be left alone for a while',
      5_000,
    ],
  ])('%# is what those are told whose time ends first, and when to come again', (failure, text, retryAfterMs) => {
    const told = new Waking().hear(failure, false, 0);
    expect(told).toMatchObject({ code: failure.code, retryAfterMs, outcome: 'not-run', cause: failure.cause });
    expect(told!.detail).toContain(text);
  });

  it.each([
    said(),
    silence,
    new Error('another', { cause: cause('awake') }),
    new TenantryError('SHARD_UNAVAILABLE', 'x', { cause: asleep }),
  ])('is nothing where it was another failure: %s', (failure) => {
    expect(new Waking().hear(failure, false, 0)).toBeUndefined();
  });

  it('holds while the server is silent, until it says something else or lets somebody in', () => {
    const waking = new Waking();
    expect(waking.hear(silence, true, 0)).toBeUndefined();
    const told = waking.hear(asleep, false, 1_000);
    expect(waking.hear(silence, true, 2_000)).toBe(told);
    expect(waking.hear(said(), false, 3_000)).toBeUndefined();
    expect(waking.hear(silence, true, 4_000)).toBeUndefined();
    waking.hear(asleep, false, 5_000);
    waking.end();
    expect(waking.hear(silence, true, 6_000)).toBeUndefined();
  });

  it('is trouble once it has lasted for more than two minutes, silence or not', () => {
    const waking = new Waking();
    for (const ms of [1_000, 61_000, 121_000]) expect(waking.hear(asleep, false, ms)).toBeDefined();
    expect(waking.hear(asleep, false, 121_001)).toBeUndefined();
    expect(waking.hear(silence, true, 121_002)).toBeUndefined();
  });

  it('begins anew when it was not heard for more than two minutes, and not before', () => {
    const waking = new Waking();
    waking.hear(asleep, false, 0);
    expect(waking.hear(asleep, false, 120_000)).toBeDefined();
    expect(waking.hear(asleep, false, 240_000)).toBeUndefined();
    expect(waking.hear(asleep, false, 360_001)).toBeDefined();
    expect(waking.hear(asleep, false, 480_001)).toBeDefined();
  });

  it('begins anew after somebody was let in', () => {
    const waking = new Waking();
    waking.hear(asleep, false, 0);
    waking.end();
    expect(waking.hear(asleep, false, 100_000)).toBeDefined();
    expect(waking.hear(asleep, false, 200_000)).toBeDefined();
  });

  it('is asked again each second where it wakes up', () => {
    const waking = new Waking();
    for (const ms of [0, 30_000, 100_000]) {
      waking.hear(asleep, false, ms);
      expect(waking.pauseMs).toBe(1_000);
    }
  });

  it('is left alone for five seconds, and for twice as long each time, a minute at most, where it asks for that', () => {
    const waking = new Waking();
    const pauses: number[] = [];
    for (let now = 0; waking.hear(busy, false, now) !== undefined; now += waking.pauseMs) pauses.push(waking.pauseMs);
    expect(pauses).toEqual([5_000, 5_000, 10_000, 20_000, 40_000, 60_000]);
  });

  it('is left alone for as long as it says at least', () => {
    const waking = new Waking();
    waking.hear(said('left alone', 10_000), false, 0);
    expect(waking.pauseMs).toBe(10_000);
    waking.hear(asleep, false, 10_000);
    expect(waking.pauseMs).toBe(1_000);
  });
});

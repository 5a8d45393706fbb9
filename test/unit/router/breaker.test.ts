import { beforeEach, describe, expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { Breaker } from '../../../src/router/breaker.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const lost = new TenantryError('SHARD_UNAVAILABLE');

describe('an open breaker', () => {
  let clock: FakeClock;
  let breaker: Breaker;
  const isOpen = (): boolean => {
    try {
      breaker.check();
      return false;
    } catch {
      return true;
    }
  };
  beforeEach(() => {
    clock = new FakeClock();
    breaker = new Breaker(
      clock,
      () => 1,
      () => undefined,
    );
    for (let time = 0; time < 5; time += 1) breaker.failed(lost);
  });

  it('lets one call through when its time has come, and the next a while later', () => {
    expect(isOpen()).toBe(true);
    clock.advance(250);
    expect([isOpen(), isOpen(), isOpen()]).toEqual([false, true, true]);
    clock.advance(250);
    expect([isOpen(), isOpen()]).toEqual([false, true]);
  });

  it('stays open no longer because calls fail that had begun before', () => {
    for (let time = 0; time < 50; time += 1) expect(breaker.failed(lost)).toBe(false);
    expect(breaker.error().retryAfterMs).toBe(250);
    clock.advance(250);
    expect(isOpen()).toBe(false);
  });

  it('stays open twice as long for each call that was let through and failed', () => {
    const open = [500, 1_000, 2_000, 4_000, 8_000, 8_000].map(() => {
      clock.advance(8_000);
      breaker.check();
      breaker.failed(lost);
      return breaker.error().retryAfterMs;
    });
    expect(open).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dateFromDatabase,
  dateToDatabase,
  instantFromDatabase,
  instantToDatabase,
  timeToDatabase,
} from '../../../src/http/columns/time-text.ts';
import { checkProperty } from '../../support/random.ts';

describe('instantToDatabase', () => {
  it.each([
    ['2026-11-21T13:05:21Z', '2026-11-21 13:05:21'],
    ['2026-11-21T13:05Z', '2026-11-21 13:05:00'],
    ['2026-11-21T13:05:21.123456+02:00', '2026-11-21 11:05:21.123456'],
    ['2024-12-31T23:30:00-05:30', '2025-01-01 05:00:00'],
    ['2024-02-29T00:00:00Z', '2024-02-29 00:00:00'],
    ['0001-01-01T00:00:00Z', '0001-01-01 00:00:00'],
  ])('brings %s to UTC', (text, expected) => {
    expect(instantToDatabase(text, 6)).toBe(expected);
  });

  it.each([
    '2026-11-21T13:05:21',
    '2026-11-21 13:05:21Z',
    '2026-11-21',
    '2023-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T23:60:00Z',
    '2026-11-21T23:59:60Z',
    '2026-11-21T00:00:00+15:00',
    '2026-11-21T00:00:00+01:60',
    '2026-11-21T00:00:00+0100',
    '2026-11-21T00:00:00.1234567Z',
    '2026-11-21T00:00:00.Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '20260-01-01T00:00:00Z',
    '-2026-01-01T00:00:00Z',
    'infinity',
    'now',
    '',
    ' 2026-11-21T00:00:00Z',
    '2026-11-21t00:00:00z',
  ])('refuses %s', (text) => {
    expect(instantToDatabase(text, 6)).toBeUndefined();
  });

  it('refuses digits that the column would round away', () => {
    expect(instantToDatabase('2026-11-21T00:00:00.123Z', 3)).toBe('2026-11-21 00:00:00.123');
    expect(instantToDatabase('2026-11-21T00:00:00.1230Z', 3)).toBeUndefined();
  });

  it('gives back the same moment by instantFromDatabase, whatever the zone', () => {
    checkProperty(
      fc.property(
        fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        (moment, offsetMinutes) => {
          const local = new Date(moment.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1);
          const [hours, minutes] = [Math.trunc(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
          const zone = `${offsetMinutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
          expect(instantFromDatabase(instantToDatabase(local + zone, 6) ?? '')).toBe(moment.toISOString());
        },
      ),
    );
  });
});

describe('instantFromDatabase', () => {
  it.each([
    ['2026-11-21 13:05:21.5', '2026-11-21T13:05:21.5Z'],
    ['2026-11-21 13:05:21 +00:00', '2026-11-21T13:05:21Z'],
    ['0044-03-15 00:00:00 BC', '-000043-03-15T00:00:00Z'],
    ['0001-01-01 00:00:00 BC', '0000-01-01T00:00:00Z'],
    ['20260-01-01 00:00:00', '+020260-01-01T00:00:00Z'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
  ])('shows %s as %s', (text, expected) => {
    expect(instantFromDatabase(text)).toBe(expected);
  });

  it.each(['11/21/2026 13:05:21', '21.11.2026 13:05:21', '2026-11-21 13:05:21+02', 'Sat Nov 21 13:05:21 2026'])(
    'refuses %s rather than guess',
    (text) => {
      expect(() => instantFromDatabase(text)).toThrow(TypeError);
    },
  );
});

describe('dates and times of day', () => {
  it('are those of the calendar and the clock', () => {
    expect(['2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'].map(dateToDatabase)).not.toContain(undefined);
    expect(['2023-02-29', '1900-02-29', '2026-04-31', '2026-00-10', '0000-01-01', '2026-1-1', '2026-11-21 '].map(dateToDatabase)).toEqual(
      Array.from({ length: 7 }, () => undefined),
    );
    expect(dateFromDatabase('0044-03-15 BC')).toBe('-000043-03-15');
    expect(() => dateFromDatabase('03/15/2026')).toThrow(TypeError);
    expect(timeToDatabase('23:59:59.123456', 6)).toBe('23:59:59.123456');
    expect(['24:00:00', '23:60:00', '1:00:00', '12:00', '12:00:00.1234567'].map((text) => timeToDatabase(text, 6))).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });
});

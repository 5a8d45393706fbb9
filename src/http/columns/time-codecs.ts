import { dateFromDatabase, dateToDatabase, instantFromDatabase, instantToDatabase, timeToDatabase } from './time-text.ts';
import { asText, stringCodec, type ColumnCodec } from './codec.ts';

/** A day. */
export const dateCodec: ColumnCodec = {
  ...stringCodec('a date YYYY-MM-DD', dateToDatabase, { format: 'date' }),
  answerSchema: { type: 'string' },
  toJson: (value) => dateFromDatabase(asText(value)),
  readAs: 'as it is',
};

/** A time of day with so many digits after the second. */
export function timeCodec(scale: number): ColumnCodec {
  return {
    ...stringCodec(`a time of day HH:MM:SS with at most ${scale} digits after the second`, (text) => timeToDatabase(text, scale), {}),
    readAs: 'as it is',
  };
}

/** A moment, with a zone in JSON. */
export function instantCodec(scale: number): ColumnCodec {
  return {
    ...stringCodec(
      `an ISO 8601 time with its zone, such as 2026-11-21T13:05:21Z, with at most ${scale} digits after the second`,
      (text) => instantToDatabase(text, scale),
      { format: 'date-time' },
    ),
    answerSchema: { type: 'string' },
    toJson: (value) => instantFromDatabase(asText(value)),
  };
}

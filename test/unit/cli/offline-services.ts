import type { Services } from '../../../src/cli/services.ts';

/** Services of commands that reach no server; the time stands still. */
export const offlineServices: Services = {
  now: () => new Date('2026-01-02T03:04:05.678Z'),
  openDatabase: () => {
    throw new Error('no database is expected to be opened');
  },
};

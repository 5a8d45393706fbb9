import type { Services } from '../../../src/cli/services.ts';

function unexpected(): never {
  throw new Error('nothing is expected to be reached');
}

/** Services of commands that reach no server; the time stands still. */
export const offlineServices: Services = {
  now: () => new Date('2026-01-02T03:04:05.678Z'),
  openDatabase: unexpected,
  defaultSchema: unexpected,
  installCatalog: unexpected,
  openAdministration: unexpected,
  preparation: { isPrepared: unexpected, prepare: unexpected, script: unexpected },
  policies: {
    apply: unexpected,
    compare: unexpected,
    requireServing: unexpected,
    verify: unexpected,
    requireAdmitted: unexpected,
    override: unexpected,
    endOverride: unexpected,
    tellLatest: unexpected,
    test: unexpected,
    protection: unexpected,
    signing: unexpected,
    inspect: unexpected,
  },
  inspectDatabase: unexpected,
  testOnScratch: unexpected,
  diagnose: unexpected,
  serve: unexpected,
};

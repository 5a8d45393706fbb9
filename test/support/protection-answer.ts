import { acceptanceFormat, type ShardSigner } from '../../src/core/shard-signer.ts';
import { fingerprintFunction } from '../../src/engine/mssql/fingerprint-function.ts';
import type { ColumnValue } from './tds/column-value.ts';

const columns = {
  fingerprint: 'nvarchar(64)',
  functionDigest: 'nvarchar(64)',
  format: 'int',
  number: 'bigint',
  accepted: 'nvarchar(64)',
  validUntilMs: 'bigint',
  signature: 'varbinary(32)',
  isOpen: 'bit',
  openUntilMs: 'bigint',
  overrideNumber: 'bigint',
  overrideUntilMs: 'bigint',
  overrideSignature: 'varbinary(32)',
  nowMs: 'bigint',
  differing: 'nvarchar(max)',
  unjudged: 'int',
} as const;

/** What a shard may say of what protects its tenants, by the columns of `policy/verification`. */
export type SaidOfProtection = Partial<Readonly<Record<keyof typeof columns, ColumnValue>>>;

/** A time of the clock of scripted shards. */
export const shardNowMs = Date.UTC(2026, 0, 1);

/** What `policy/verification` answers where everything is as the signer has accepted it, but for what is said otherwise. */
export function protectionAnswer(signer: ShardSigner, said: SaidOfProtection = {}) {
  const fingerprint = 'f'.repeat(64);
  const validUntilMs = typeof said.validUntilMs === 'bigint' ? Number(said.validUntilMs) : null;
  const row: Readonly<Record<keyof typeof columns, ColumnValue>> = {
    fingerprint,
    functionDigest: fingerprintFunction(),
    format: acceptanceFormat,
    number: 1n,
    accepted: fingerprint,
    validUntilMs: null,
    signature: signer.sign({ says: 'accepted', format: acceptanceFormat, number: 1, fingerprint, validUntilMs }),
    isOpen: true,
    openUntilMs: said.validUntilMs ?? null,
    overrideNumber: null,
    overrideUntilMs: null,
    overrideSignature: null,
    nowMs: BigInt(shardNowMs),
    differing: '[]',
    unjudged: 0,
    ...said,
  };
  const names = Object.keys(columns) as (keyof typeof columns)[];
  return { columns, rows: [names.map((name) => row[name])] };
}

import fc from 'fast-check';
import type { OpenTenantry } from '../../../src/main/tenantry.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { TenantSession } from '../../../src/router/router.ts';
import { CallerError, payloadOf, type Ledger, type LedgerRow } from './ledger.ts';

/** What a tenant may do, well-behaved or not. */
const kinds = [
  'read',
  'read only',
  'insert',
  'rewrite',
  'transaction',
  'transaction that throws',
  'transaction that fails',
  'stream left early',
  'slow write',
  'forged insert',
  'forged update',
  'failing statement',
  'residue',
  'transaction control',
] as const;

/** One request of one tenant; `abortAfterMs` and `timeoutMs` where it is interrupted. */
export interface Request {
  readonly kind: (typeof kinds)[number];
  readonly tenant: number;
  readonly abortAfterMs: number | null;
  readonly timeoutMs: number | null;
}

/** Requests of tenants 1 to n, about one in eight interrupted. */
export function requests(tenants: number): fc.Arbitrary<Request> {
  const rarely = (max: number): fc.Arbitrary<number | null> =>
    fc.oneof({ weight: 15, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.integer({ min: 1, max }) });
  return fc.record({
    kind: fc.constantFrom(...kinds),
    tenant: fc.integer({ min: 1, max: tenants }),
    abortAfterMs: rarely(30),
    timeoutMs: rarely(60),
  });
}

const rows = sql`select tenantry.current_tenant() as tenant, "Payload" as payload from "Ledger" order by "EntryId" desc limit 20`;
const residues = [
  'set search_path = pg_catalog',
  'declare held cursor with hold for select * from "Ledger"',
  'prepare mine as select 1',
  'listen anything',
];

/** Sends a request and enters into the ledger what came of it, which is returned. */
export async function send({ router }: OpenTenantry, request: Request, ledger: Ledger): Promise<string> {
  const { tenant, abortAfterMs, timeoutMs } = request;
  const written: string[] = [];
  const abort = new AbortController();
  const timer = abortAfterMs === null ? undefined : setTimeout(() => abort.abort(), abortAfterMs);
  const options = { signal: abort.signal, ...(timeoutMs === null ? {} : { timeoutMs }) };
  const insert = (): ReturnType<typeof sql> => {
    const entry = ledger.nextEntry();
    written.push(payloadOf(tenant, entry));
    return sql`insert into "Ledger" ("EntryId", "Payload") values (${entry}, ${payloadOf(tenant, entry)})`;
  };
  const transaction = (work: (session: TenantSession) => Promise<void>): Promise<void> => router.withTenant(tenant, options, work);
  const show = async (session: TenantSession): Promise<void> => ledger.shown(tenant, (await session.query<LedgerRow>(rows)).rows);
  const acts: Record<Request['kind'], () => Promise<void>> = {
    read: async () => ledger.shown(tenant, (await router.query<LedgerRow>(tenant, rows, options)).rows),
    'read only': async () => ledger.shown(tenant, (await router.query<LedgerRow>(tenant, rows, { ...options, readOnly: true })).rows),
    insert: async () => void (await router.query(tenant, insert(), options)),
    rewrite: async () => {
      const rewritten = sql`update "Ledger" set "Payload" = "Payload" where "EntryId" % 17 = 3 returning tenantry.current_tenant() as tenant, "Payload" as payload`;
      ledger.shown(tenant, (await router.query<LedgerRow>(tenant, rewritten, options)).rows);
    },
    transaction: () =>
      transaction(async (session) => {
        await session.query(insert());
        await show(session);
        await session.query(insert());
      }),
    'transaction that throws': () =>
      transaction(async (session) => {
        await session.query(insert());
        throw new CallerError('the caller gives up');
      }),
    'transaction that fails': () =>
      transaction(async (session) => {
        await session.query(insert());
        await session.query(sql`select 1 / 0`);
      }),
    'stream left early': () =>
      transaction(async (session) => {
        await session.query(insert());
        for await (const row of session.stream<LedgerRow>(rows)) {
          ledger.shown(tenant, [row]);
          break;
        }
      }),
    'slow write': async () => void (await router.query(tenant, sql`with slow as (select pg_sleep(0.02)) ${insert()} `, options)),
    'forged insert': async () => {
      await router.query(tenant, sql`insert into "Ledger" values (${tenant + 1}, ${ledger.nextEntry()}, ${payloadOf(tenant, 0)})`, options);
      ledger.accepted(`an insert of tenant ${tenant} for tenant ${tenant + 1}`);
    },
    'forged update': async () => {
      const { rowCount } = await router.query(
        tenant,
        sql`update "Ledger" set "Payload" = ${payloadOf(tenant, 0)} where "TenantId" <> ${tenant}`,
        options,
      );
      if (rowCount > 0) ledger.accepted(`an update of tenant ${tenant} of others' rows`);
    },
    'failing statement': async () => void (await router.query(tenant, sql`select "Payload"::integer from "Ledger"`, options)),
    residue: async () => void (await router.query(tenant, sqlText(residues[ledger.nextEntry() % residues.length] ?? ''), options)),
    'transaction control': async () => void (await router.query(tenant, sqlText('begin'), options)),
  };
  try {
    await acts[request.kind]();
    return ledger.ended(written);
  } catch (error) {
    return ledger.ended(written, error);
  } finally {
    clearTimeout(timer);
  }
}

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { sqlText } from '../../../src/core/sql.ts';
import type { RowPolicy } from '../../../src/core/predicate.ts';
import { mssqlRehearsals } from '../../../src/engine/mssql/rehearsal.ts';
import { postgresRehearsals } from '../../../src/engine/postgres/rehearsal.ts';
import type { Rehearsals } from '../../../src/engine/rehearsal.ts';
import { qualifiedTables } from '../../../src/engine/qualified-tables.ts';
import type { ConfiguredTable, LocatedTable } from '../../../src/policy/model.ts';
import { probe, type ProbeReport } from '../../../src/policy/probes/probe.ts';
import { rehearse, rehearseWithin } from '../../../src/policy/probes/rehearse.ts';
import { accepting } from '../../support/accepting.ts';
import { applyDespiteLeaks } from '../../support/apply-despite-leaks.ts';
import { mayStand } from '../../support/grounds/words.ts';
import { postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';
import { seed } from '../../support/random.ts';
import { shardLogins } from '../../support/shard-logins.ts';
import { usersOf } from '../../support/users-of.ts';
import { arbitrarySchema, beforehand, circle, type ArbitraryTable } from './arbitrary-schema.ts';
import { loneSchema, loneTables, loneWeakened } from './lone-rows.ts';

const shard = usePolicyShard();
const engine = { rehearsals: postgresRehearsals };

const mine: RowPolicy = {
  name: 'mine',
  conditions: { select: { kind: 'owner', column: 'Owner', value: { name: 'user', type: 'string' } } },
};
const tables: ConfiguredTable[] = [
  { table: 'Countries' },
  { table: 'Projects', tenantColumn: 'TenantId', policies: [mine] },
  { table: 'Samples', tenantColumn: 'TenantId' },
  { table: 'Events', tenantColumn: 'TenantId' },
];
const parts = [{ schema: 'public', table: 'Events1' }];

const schema = `
  create type mood as enum ('good', 'bad');
  create domain code as varchar(4) not null check (length(value) > 0);
  create table "Countries" ("Code" char(2) primary key, "Name" text not null);
  create table "Projects" ("TenantId" integer not null, "Id" uuid not null, "Owner" text, "Country" char(2) not null references "Countries",
    "Mood" mood not null, "Code" code, "Days" int4range not null, "Twice" integer generated always as ("TenantId" - 1) stored, primary key ("TenantId", "Id"));
  create table "Samples" ("TenantId" integer not null, "Id" integer generated always as identity, "Project" uuid not null, "Above" integer not null,
    "At" timestamptz not null, "Size" numeric(3, 1) not null check ("Size" < 100), "Tags" text[] not null,
    primary key ("TenantId", "Id"), foreign key ("TenantId", "Project") references "Projects" ("TenantId", "Id"),
    foreign key ("TenantId", "Above") references "Samples" ("TenantId", "Id"));
  create table "Events" ("TenantId" integer not null, "Id" bigserial, primary key ("TenantId", "Id")) partition by hash ("TenantId");
  create table "Events1" partition of "Events" for values with (modulus 2, remainder 0);
  create table "Events2" partition of "Events" for values with (modulus 2, remainder 1)`;

const request = { users: usersOf(shardLogins), keyType: 'int' } as const;

function located(configured: readonly ConfiguredTable[]): LocatedTable[] {
  return qualifiedTables(configured, { defaultSchema: 'public' });
}

function probed(configured = tables, ofThem: typeof parts = parts): Promise<ProbeReport> {
  return rehearse(shard.database.admin, engine, request, (stage) => probe(stage, { tables: located(configured), parts: ofThem }));
}

/** Rolls back what was tried on a shard that was weakened. */
class Tried extends Error {
  readonly report: ProbeReport;

  constructor(report: ProbeReport) {
    super('It was tried.');
    this.report = report;
  }
}

/** What is found on the shard once it was weakened. */
async function triedWith(without: string, configured = tables, ofThem: typeof parts = parts): Promise<ProbeReport> {
  const trying = shard.database.root.transaction(async (session) => {
    await session.query(sqlText(`${without}; set local role tenantry_admin`));
    throw new Tried(
      await rehearseWithin(session, engine, request, (stage) => probe(stage, { tables: located(configured), parts: ofThem })),
    );
  });
  const tried = await trying.catch((error: unknown) => error);
  expect(tried).toBeInstanceOf(Tried);
  return (tried as Tried).report;
}

/** What protects the tables, each without it, and what tells. */
const weakened = [
  {
    defence: 'row-level security',
    without: 'alter table "Samples" disable row level security',
    found: [
      'app without a tenant: select',
      'app without a tenant: insert',
      'app without a tenant: update',
      'app without a tenant: delete',
      "tenant: select of another tenant's row",
      'tenant: select of all that there is',
      'tenant: insert for another tenant',
      'tenant: insert for another tenant, whose row is asked back',
      "tenant: insert ... on conflict do nothing of another tenant's row",
      "tenant: update of another tenant's row",
      'tenant: update of an own row into another tenant',
      'tenant: update into another tenant by a condition that reads no column',
      "tenant: delete of another tenant's row",
      'tenant: update by a condition that reads no column',
      'tenant: delete by a condition that reads no column',
    ].map((what) => `leaked public.Samples ${what}`),
  },
  {
    defence: 'what a new row must be',
    without: 'alter policy tenantry_tenant on "Events" with check (true)',
    found: [
      'app without a tenant: insert',
      'tenant: insert for another tenant',
      "tenant: insert ... on conflict do nothing of another tenant's row",
      'tenant: update into another tenant by a condition that reads no column',
    ].map((what) => `leaked public.Events ${what}`),
  },
  {
    defence: "the tenant's rows alone are seen",
    without: `alter policy tenantry_tenant on "Events" using (true)`,
    found: [
      'leaked public.Events app without a tenant: select',
      'leaked public.Events app without a tenant: delete',
      "leaked public.Events tenant: select of another tenant's row",
      'leaked public.Events tenant: select of all that there is',
      "leaked public.Events tenant: update of another tenant's row",
      "leaked public.Events tenant: delete of another tenant's row",
      'leaked public.Events tenant: update by a condition that reads no column',
      'leaked public.Events tenant: delete by a condition that reads no column',
    ],
  },
  {
    defence: "app's own branch",
    without: `drop policy tenantry_base on "Events"`,
    found: [
      'blocked public.Events tenant: select of an own row',
      'blocked public.Events tenant: insert of an own row',
      'blocked public.Events tenant: update of an own row',
      'blocked public.Events tenant: delete of an own row',
    ],
  },
  {
    defence: "the part's lack of rights",
    without: `grant select on "Events1" to tenantry_app; alter table "Events1" disable row level security`,
    found: ['leaked public.Events1 app without a tenant: select of a part beside its table'],
  },
  {
    defence: 'reports only read',
    without: `drop policy tenantry_superuser on "Events"; create policy tenantry_superuser on "Events" to tenantry_superuser using (true); grant insert, update, delete on "Events" to tenantry_superuser`,
    found: ['leaked public.Events superuser: insert', 'leaked public.Events superuser: update', 'leaked public.Events superuser: delete'],
  },
  {
    defence: 'reports see every tenant',
    without: `drop policy tenantry_superuser on "Events"`,
    found: ['blocked public.Events superuser: select'],
  },
  {
    defence: 'moves reach every tenant',
    without: `drop policy tenantry_mover on "Events"`,
    found: [
      'blocked public.Events mover: select',
      'blocked public.Events mover: insert',
      'blocked public.Events mover: update',
      'blocked public.Events mover: delete',
    ],
  },
  {
    defence: 'migrations reach every tenant',
    without: `drop policy tenantry_admin on "Events"; create policy tenantry_admin on "Events" for insert to tenantry_admin with check (true); create policy seen on "Events" for select to tenantry_admin using (true); create policy gone on "Events" for delete to tenantry_admin using (true)`,
    found: ['blocked public.Events admin: update'],
  },
  {
    defence: "a policy beyond the tenant's",
    without: `drop policy tenantry_rows_mine_select on "Projects"`,
    found: [
      'leaked public.Projects tenant: select of an own row',
      'leaked public.Projects tenant: update of an own row',
      'leaked public.Projects tenant: delete of an own row',
    ],
  },
  {
    defence: 'reference tables are only read',
    without: `grant insert, update, delete on "Countries" to tenantry_app`,
    found: ['leaked public.Countries tenant: insert', 'leaked public.Countries tenant: update', 'leaked public.Countries tenant: delete'],
  },
  {
    defence: 'reference tables are read',
    without: `revoke select on "Countries" from tenantry_app`,
    found: ['blocked public.Countries tenant: select of a reference table'],
  },
  {
    defence: 'what may be deleted',
    without: `drop policy tenantry_tenant on "Events"; create policy tenantry_tenant on "Events" as restrictive for delete to tenantry_app using (true); create policy t1 on "Events" as restrictive for select to tenantry_app using ("TenantId" = tenantry.current_tenant()); create policy t2 on "Events" as restrictive for update to tenantry_app using ("TenantId" = tenantry.current_tenant()); create policy t3 on "Events" as restrictive for insert to tenantry_app with check ("TenantId" = tenantry.current_tenant())`,
    found: ['leaked public.Events app without a tenant: delete', 'leaked public.Events tenant: delete by a condition that reads no column'],
  },
];

const said = ({ findings }: ProbeReport): string[] => findings.map(({ table, probe: what, outcome }) => `${outcome} ${table} ${what}`);

beforeAll(async () => {
  await shard.renew();
  await shard.asAdmin(schema);
  await shard.apply(tables);
});

describe('probes', () => {
  it('find nothing on tables of every kind that are as they must be, and leave nothing there', async () => {
    expect(await probed()).toEqual({ tried: 91, findings: [] });
  });

  it.each(weakened)('find that $defence is gone', async ({ without, found }) => {
    expect(said(await triedWith(without))).toEqual(found);
  });

  it('change no row but their own, also where nothing protects a table: no version of another row is made, marked or locked', async () => {
    await shard.asRoot(`
      insert into "Countries" select chr(65 + n / 26) || chr(65 + n % 26), 'live' from generate_series(0, 99) n;
      insert into "Events" ("TenantId") select n % 7 + 1 from generate_series(1, 2000) n`);
    const versions = sqlText(`
      select (select array_agg(row (c.tableoid, c.ctid, c.xmin, c.xmax)::text order by 1) from "Countries" c) as "countries",
             (select array_agg(row (e.tableoid, e.ctid, e.xmin, e.xmax)::text order by 1) from "Events" e) as "events"`);
    const before = (await shard.database.root.query(versions)).rows;
    const unprotected = `alter table "Events" disable row level security, no force row level security;
      grant insert, update, delete on "Countries" to tenantry_app`;
    const report = await triedWith(unprotected);
    expect(said(report)).toEqual(
      expect.arrayContaining([
        'leaked public.Events app without a tenant: delete',
        'leaked public.Events tenant: update by a condition that reads no column',
        'leaked public.Events tenant: delete by a condition that reads no column',
        'leaked public.Countries tenant: update',
        'leaked public.Countries tenant: delete',
      ]),
    );
    expect((await shard.database.root.query(versions)).rows).toEqual(before);
    await shard.asRoot('delete from "Events"; delete from "Countries"');
  });

  it('are given up, and the change with them, where they take longer than a change may', async () => {
    const { shardId, admin, root } = shard.database;
    const change = (withinMs: number): Promise<unknown> => {
      const probing = { rehearsals: postgresRehearsals, users: usersOf(shardLogins), withinMs, clock: systemClock };
      return applyDespiteLeaks(admin, postgresPolicies, {
        tables,
        procedures: [],
        accepting: accepting(shardId),
        keyType: 'int',
        dryRun: false,
        probing,
      });
    };
    await shard.asRoot('alter table "Projects" no force row level security');
    const told = { code: 'TIMEOUT', detail: expect.stringMatching(/nothing was changed: .*limits\.changeProbeMs/) as string };
    await expect(change(0)).rejects.toMatchObject(told);
    await root.transaction(async (session) => {
      await session.query(mayStand);
      await session.query(sqlText('lock table "Countries" in exclusive mode'));
      const begun = systemClock.now();
      await expect(change(600_000)).rejects.toMatchObject(told);
      expect(systemClock.now() - begun).toBeLessThan(30_000);
    });
    const forced = sqlText(`select relforcerowsecurity as "forced" from pg_class where relname = 'Projects'`);
    expect((await root.query(forced)).rows).toEqual([{ forced: false }]);
    await change(60_000);
    expect((await root.query(forced)).rows).toEqual([{ forced: true }]);
  });

  it('are not tried twice where the engine makes no difference of a condition that reads no column', async () => {
    const blind: Rehearsals = { ...postgresRehearsals, samples: { ...postgresRehearsals.samples, row: () => undefined } };
    const events = located(tables).filter(({ table }) => table === 'Events');
    const triedBy = (rehearsals: Rehearsals): Promise<ProbeReport> =>
      rehearse(shard.database.admin, { rehearsals }, request, (stage) => probe(stage, { tables: events, parts: [] }));
    expect(mssqlRehearsals.samples.row(sqlText('T'), sqlText('1 = 1'))).toBeUndefined();
    expect((await triedBy(blind)).tried).toBe((await triedBy(postgresRehearsals)).tried - 3);
  });

  it('are nothing to go by where one has no answer', async () => {
    const forgetful: Rehearsals = {
      ...postgresRehearsals,
      begin: async (session, users, bounds) => {
        const rehearsal = await postgresRehearsals.begin(session, users, bounds);
        return {
          attempt: (caller, statement) => rehearsal.attempt(caller, statement),
          attemptAll: async (attempts) => (await rehearsal.attemptAll(attempts)).slice(1),
          keep: (statement) => rehearsal.keep(statement),
          end: () => rehearsal.end(),
        };
      },
    };
    const probing = rehearse(shard.database.admin, { rehearsals: forgetful }, request, (stage) =>
      probe(stage, { tables: located(tables).filter(({ table }) => table === 'Countries'), parts: [] }),
    );
    await expect(probing).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('tell a table whose constraint refuses the sample, and try it with the values that are said', async () => {
    await shard.renew();
    await shard.asAdmin(schema);
    await shard.asAdmin(`alter table "Samples" add constraint large check ("Size" > 90)`);
    await shard.apply(tables);
    expect((await probed()).findings).toEqual([
      {
        table: 'public.Samples',
        probe: 'sample row',
        outcome: 'unproven',
        text: 'a sample row is refused (constraint large): say one in the configuration, as sample: { Column: value }; one on the tenant has to admit the reserved keys 2147480001 and 2147480002, or the table cannot be tried',
      },
    ]);
    const sized = [
      ...tables.filter(({ table }) => table !== 'Samples'),
      { table: 'Samples', tenantColumn: 'TenantId', sample: { Size: 91.5 } },
    ];
    expect((await probed(sized)).findings).toEqual([]);
  });
});

describe('probes of tables in which a tenant has one row', () => {
  beforeAll(async () => {
    await shard.renew();
    await shard.asAdmin(loneSchema);
    await shard.apply(loneTables);
  });

  it('find nothing where all are as they must be, whatever refers to that row, in whatever order they are configured', async () => {
    expect(await triedWith('select 1', loneTables, [])).toEqual({ tried: 145, findings: [] });
  });

  describe.each(['Tenants', 'Kinds', 'Settings', 'Halls'])('of %s', (table) => {
    it.each(loneWeakened)('find that $defence is gone', async ({ without, found }) => {
      const { findings } = await triedWith(without(table), loneTables, []);
      expect(findings.map(({ table: name, probe: what, outcome }) => `${outcome} ${name} ${what}`)).toEqual(
        found.map((finding) => finding.replace(' ', ` public.${table} `)),
      );
      // It is what must refuse an insert that answers, not a key.
      const inserts = findings.filter(({ outcome, probe: what }) => outcome === 'leaked' && /: insert(?! \.\.\.)/.test(what));
      expect(new Set(inserts.map(({ text }) => text))).toEqual(new Set(inserts.length > 0 ? ['was not refused (1 row)'] : []));
    });
  });

  it('tell what they cannot try where that row cannot be taken away', async () => {
    const kept = `create function keep() returns trigger language plpgsql as 'begin raise exception ''kept''; end';
      create trigger kept before delete on "Halls" for each row execute function keep()`;
    const byKey = 'was refused for another reason: SQLSTATE 23P01, table Halls, constraint Halls_TenantId_excl';
    expect((await triedWith(kept, loneTables, [])).findings).toEqual(
      expect.arrayContaining([
        { table: 'public.Halls', probe: 'mover: insert', outcome: 'unproven', text: byKey },
        { table: 'public.Halls', probe: 'tenant: insert of an own row', outcome: 'unproven', text: byKey },
      ]),
    );
  });

  it('say what helps where no part of a table takes their tenants, and are tried with a part that does', async () => {
    const regions = [{ table: 'Regions', tenantColumn: 'TenantId' }];
    await shard.asAdmin(`create table "Regions" ("TenantId" integer, "Id" integer, primary key ("TenantId", "Id")) partition by list ("TenantId");
      create table "Region1" partition of "Regions" for values in (1)`);
    await shard.apply(regions);
    expect((await probed(regions, [])).findings).toEqual([
      {
        table: 'public.Regions',
        probe: 'sample row',
        outcome: 'unproven',
        text: 'no part of the table takes the reserved keys 2147480001 and 2147480002: give it a default one; where another column decides, say one in the configuration, as sample: { Column: value }',
      },
    ]);
    await shard.asAdmin('create table "RegionOf" partition of "Regions" default');
    await shard.apply(regions);
    expect((await probed(regions, [])).findings).toEqual([]);
  });
});

describe('probes of random schemas', () => {
  it('try each table, or say truly why not', async () => {
    await shard.renew();
    await shard.asAdmin(beforehand);
    const seen = new Set<string>();
    const tried = async (made: readonly ArbitraryTable[]): Promise<void> => {
      const statements = made.map(({ definition }) => definition).concat(made.flatMap(({ foreignKeys }) => foreignKeys));
      const configured = located(made.map(({ name }) => ({ table: name, tenantColumn: 'TenantId' })));
      const trying = shard.database.root.transaction(async (session) => {
        await session.query(sqlText(`set local role tenantry_admin; ${statements.join('; ')}`));
        const report = await rehearseWithin(session, engine, request, (stage) => probe(stage, { tables: configured, parts: [] }));
        const { rows } = await session.query<{ name: string }>(
          sqlText(`select conname::text as name from pg_constraint union select attname::text from pg_attribute where not attisdropped`),
        );
        throw Object.assign(new Tried(report), { names: new Set(rows.map(({ name }) => name)) });
      });
      const error = await trying.catch((thrown: unknown) => thrown);
      if (!(error instanceof Tried)) throw error;
      const { names } = error as Tried & { readonly names: ReadonlySet<string> };
      const unfit = error.report.findings.filter((finding) => finding.probe === 'sample row');
      // One statement less where admin alone may give the key.
      expect(Math.ceil(error.report.tried / 29)).toBe(made.length - unfit.length);
      for (const { outcome, text } of unfit) {
        expect(outcome).toBe('unproven');
        const [, by] = /a sample row is refused \((?:constraint|column) ([^)]+)\): say/.exec(text) ?? [];
        if (by !== undefined) expect(names).toContain(by);
        // Of a domain's null the server says neither column nor constraint.
        else expect(text).toMatch(/lead back to itself|^(public\.T\d: )?no value of type|nothing is known of|refused \(SQLSTATE 23502\)/);
        seen.add(by === undefined ? 'another reason' : 'a constraint');
      }
      if (unfit.length < made.length) seen.add('tried');
    };
    const numRuns = Number(process.env['TENANTRY_RUNS'] ?? 40);
    await fc.assert(fc.asyncProperty(arbitrarySchema, tried), { seed, numRuns, examples: [[circle]] });
    expect([...seen].toSorted()).toEqual(['a constraint', 'another reason', 'tried']);
  }, 300_000);

  it('put the tenant there that a table refers to, whether or not somebody has configured where', async () => {
    await shard.renew();
    await shard.asAdmin(`${beforehand};
      create table "T0" ("TenantId" integer not null references "Tenants", "Id" integer not null, primary key ("TenantId", "Id"))`);
    const owned = [{ table: 'T0', tenantColumn: 'TenantId' }];
    await shard.apply(owned);
    const told = await rehearse(shard.database.admin, engine, request, (stage) => probe(stage, { tables: located(owned), parts: [] }));
    expect(told.findings).toEqual([]);
    expect((await shard.database.root.query(sqlText('select from "Tenants"'))).rowCount).toBe(0);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { useHttpRows } from '../../support/http-rows.ts';

const api = useHttpRows();
let made: string[] = [];

afterEach(async () => {
  for (const table of made) await api.ground.shard.root.query(sqlText(`drop trigger "tried" on "${table}"`));
  made = [];
});

/** Has a trigger of a table, which the test's end takes away; `body` is PL/pgSQL. */
async function trigger(table: string, moment: string, body: string): Promise<void> {
  const { root } = api.ground.shard;
  await root.query(sqlText(`create or replace function public.tried() returns trigger language plpgsql as $f$ begin ${body} end $f$`));
  await root.query(sqlText(`create trigger "tried" ${moment} on "${table}" for each row execute function public.tried()`));
  made.push(table);
}

const line = { Order: 'a', Line: 1, Text: 'x' };

async function stored(): Promise<readonly unknown[]> {
  return (await api.call('GET', '/v1/Lines')).body.data;
}

describe('a change that a trigger follows', () => {
  it('is answered with the row as it was written, where the trigger takes it away', async () => {
    await trigger('Lines', 'after insert or update', `delete from "Lines" where "Line" = new."Line" and "Text" = 'gone'; return null;`);
    const created = await api.call('POST', '/v1/Lines', { body: { ...line, Text: 'gone' } });
    expect([created.status, created.body]).toEqual([201, { ...line, Text: 'gone' }]);
    await api.call('POST', '/v1/Lines', { body: line });
    const changed = await api.call('PATCH', '/v1/Lines/a,1', { body: { Text: 'gone' } });
    expect([changed.status, changed.body]).toEqual([200, { ...line, Text: 'gone' }]);
    expect(await stored()).toEqual([]);
  });

  it('is answered with the row as it was written, where the trigger gives it another key', async () => {
    await trigger('Lines', 'after insert', `update "Lines" set "Line" = 9 where "Line" = new."Line"; return null;`);
    const created = await api.call('POST', '/v1/Lines', { body: line });
    expect([created.status, created.body]).toEqual([201, line]);
    expect(await stored()).toEqual([{ ...line, Line: 9 }]);
  });

  it('has the key that a trigger before it gave the row, in its place as in its body', async () => {
    await trigger('Lines', 'before insert', `new."Line" := 9; return new;`);
    const created = await api.call('POST', '/v1/Lines', { body: line });
    expect([created.headers.get('location'), created.body]).toEqual(['/v1/Lines/a,9', { ...line, Line: 9 }]);
  });

  it('is refused by what the trigger broke, and undone with it', async () => {
    await trigger('Lines', 'after insert', `insert into "Settings" ("Theme") values ('x'), ('y'); return null;`);
    const refused = await api.call('POST', '/v1/Lines', { body: line });
    expect([refused.status, refused.body.code]).toEqual([409, 'CONFLICT']);
    expect(await stored()).toEqual([]);
  });

  it('is answered with what a trigger before it made of the row', async () => {
    await trigger('Lines', 'before insert or update', `new."Text" := upper(new."Text"); return new;`);
    expect((await api.call('POST', '/v1/Lines', { body: line })).body).toEqual({ ...line, Text: 'X' });
    expect((await api.call('PATCH', '/v1/Lines/a,1', { body: { Text: 'y' } })).body).toEqual({ ...line, Text: 'Y' });
  });
});

describe('a change that a trigger passes over', () => {
  it('is a conflict where the row is there and is not as it was asked for, and 404 where there is none', async () => {
    await api.call('POST', '/v1/Lines', { body: line });
    await trigger('Lines', 'before insert or update or delete', 'return null;');
    for (const [method, path, body] of [
      ['POST', '/v1/Lines', { ...line, Line: 2 }],
      ['PATCH', '/v1/Lines/a,1', { Text: 'y' }],
      ['DELETE', '/v1/Lines/a,1', undefined],
    ] as const) {
      const refused = await api.call(method, path, { body });
      expect([method, refused.status, refused.body.code]).toEqual([method, 409, 'CONFLICT']);
      expect(Object.keys(refused.body)).toEqual(['type', 'title', 'status', 'code', 'traceId']);
    }
    expect(await stored()).toEqual([line]);
    expect((await api.call('PATCH', '/v1/Lines/a,2', { body: { Text: 'y' } })).status).toBe(404);
    expect((await api.call('DELETE', '/v1/Lines/a,2')).status).toBe(404);
    expect((await api.call('DELETE', '/v1/Lines/a,1', { as: 'two' })).status).toBe(404);
  });

  it('is no failure where the row has the values already', async () => {
    const kind = {
      Small: -5, Big: '9007199254740993', Money: '12345678.90', Single: 0.1, Flag: false, Short: null, Raw: 'AP8=', Day: '2024-02-29',
      Clock: '23:59:59.123456', Local: '2024-02-29T10:00:00.123456Z', Moment: '2025-01-01T04:59:59.123Z', Mood: 'wild',
      Guid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', Doc: { b: 1, a: ['x', null] },
    }; // prettier-ignore
    const created = await api.call('POST', '/v1/Kinds', { body: kind });
    const { root } = api.ground.shard;
    await root.query(
      sqlText(`create trigger "tried" before update on "Kinds" for each row execute function suppress_redundant_updates_trigger()`),
    );
    made.push('Kinds');
    const again = await api.call('PATCH', '/v1/Kinds/1', { body: kind });
    expect([again.status, again.body]).toEqual([200, created.body]);
    const changed = await api.call('PATCH', '/v1/Kinds/1', { body: { Small: 7 } });
    expect([changed.status, changed.body['Twice']]).toEqual([200, 14]);
  });
});

describe('a change that a trigger or another table refuses', () => {
  it('is undone, with what the trigger did before, and is not told in the words of the trigger', async () => {
    await trigger(
      'Lines',
      'after insert or update or delete',
      `insert into "Settings" ("Theme") values ('half'); raise exception 'hidden-%', coalesce(new."Text", old."Text");`,
    );
    const refused = await api.call('POST', '/v1/Lines', { body: line });
    expect([refused.status, refused.body.code]).toEqual([422, 'CONSTRAINT_VIOLATION']);
    expect(JSON.stringify(refused.body) + api.service.logText()).not.toContain('hidden-');
    expect([await stored(), (await api.call('GET', '/v1/Settings')).body.data]).toEqual([[], []]);
  });

  it('cannot give the row to another tenant', async () => {
    await trigger('Lines', 'before insert or update', `new."TenantId" := 2; return new;`);
    const refused = await api.call('POST', '/v1/Lines', { body: line });
    expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN']);
    expect((await api.call('GET', '/v1/Lines', { as: 'two' })).body.data).toEqual([]);
  });

  it('leaves a row that others point to', async () => {
    const { root } = api.ground.shard;
    await api.call('POST', '/v1/Lines', { body: line });
    await root.query(
      sqlText(`create table "Notes" ("TenantId" integer, "Order" text, "Line" integer,
        foreign key ("TenantId", "Order", "Line") references "Lines"); insert into "Notes" values (1, 'a', 1)`),
    );
    const refused = await api.call('DELETE', '/v1/Lines/a,1');
    await root.query(sqlText('drop table "Notes"'));
    expect([refused.status, refused.body.code]).toEqual([422, 'CONSTRAINT_VIOLATION']);
    expect(await stored()).toEqual([line]);
  });
});

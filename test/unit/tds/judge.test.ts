import { describe, expect, test } from 'vitest';
import type { JudgedPacket } from '../../support/tds/judge-packets.ts';
import { judge, type Verdict } from '../../support/tds/judge.ts';

const enter = 'EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token;';
const check = "IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW 51010, N'x', 1;";
const guard = "IF @@TRANCOUNT <> 1 THROW 51011, N'x', 1;";
const head = ['SET XACT_ABORT ON;', 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED;', 'BEGIN TRANSACTION;', enter, check];
const scope = [
  'BEGIN TRY',
  "EXEC [sys].[sp_executesql] @tenantry_statement, N'@p1 int', @p1;",
  "IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51011, N'x', 1;",
  'END TRY',
  'BEGIN CATCH',
  "IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51017, N'x', 1;",
  'ROLLBACK TRANSACTION;',
  'THROW;',
  'END CATCH;',
];
const done = 'SET @tenantry_done = 1;\n';
const routed = [...head, ...scope, 'COMMIT TRANSACTION;', done].join('\n');
const bringing = routed.replace('@tenantry_token;', '@tenantry_token, @tenantry_values;');
const begin = head.join('\n');
const inSession = [guard, ...scope, done].join('\n');
const end = `${guard}\nCOMMIT TRANSACTION;`;

const reset = 0x09;
const plain = 0x01;

/** Messages of tenant 1 and 2 as a client would send them, with an answer after each. */
class Client {
  readonly packets: JudgedPacket[] = [];
  /** What it says that its transaction is, message by message; unless it is told, what it would say. */
  #transaction: number | undefined;

  within(transaction: number): this {
    this.#transaction = transaction;
    return this;
  }

  send(
    text: string,
    status: number,
    tenant = 1,
    change: Partial<Record<'mapping' | 'key' | 'epoch' | 'token' | 'caller', number>> & { readonly brings?: string } = {},
  ): this {
    const of = (name: 'mapping' | 'key' | 'token' | 'caller'): number => change[name] ?? tenant;
    const values = [
      ['mapping', integer(of('mapping'))],
      ['key', binary(of('key'))],
      ['epoch', integer(change.epoch ?? 5)],
      ['token', binary(of('token'))],
    ] as const;
    const named = text.includes('[enter]') ? values.map(([name, value]) => parameter(`@tenantry_${name}`, value)) : [];
    if (change.brings !== undefined) named.push(parameter('@tenantry_values', words(change.brings)));
    const transaction = this.#transaction ?? (text.includes('[enter]') ? 0 : 7);
    this.#transaction = undefined;
    this.#push(3, status, call(text, [...named, parameter('@p1', integer(of('caller')))], transaction));
    return this.answered();
  }

  batch(text: string, status: number): this {
    this.#push(1, status, Buffer.concat([headers(0), Buffer.from(text, 'utf16le')]));
    return this.answered();
  }

  answered(): this {
    this.packets.push({ connection: 1, from: 'server', bytes: packet(4, 1, Buffer.alloc(13)) });
    return this;
  }

  #push(type: number, status: number, data: Buffer): void {
    this.packets.push({ connection: 1, from: 'client', bytes: packet(type, status, data) });
  }
}

function judged({ packets }: Client): Verdict {
  return judge(packets, { callerOf: ({ values }) => values.get('@p1')?.readInt32LE().toString().padStart(8, '0') });
}

describe('the judge of recorded packets', () => {
  test('finds nothing in uses that are reset, entered, guarded and ended, and counts them', () => {
    const client = new Client()
      .batch('set ansi_nulls on\nset xact_abort off', plain)
      .send(routed, plain)
      .send(routed, reset, 2)
      .send(begin, reset)
      .send(inSession, plain)
      .send(end, plain)
      .batch('SET NOCOUNT ON;', reset)
      .send(routed, plain, 2);
    expect(judged(client)).toEqual({ faults: [], routed: 3, begun: 1, inSession: 2, known: 6, resets: 3, ownResets: 1, before: 0 });
  });

  const used = (): Client => new Client().send(routed, plain);

  test.each<[string, Client, string]>([
    ['a use without a reset, of another tenant', used().send(routed, plain, 2), 'without a reset'],
    ['a use without a reset, of the same tenant', used().send(routed, plain), 'without a reset'],
    ['a session without a reset', used().send(begin, plain), 'without a reset'],
    ['a reset on the first use', new Client().send(routed, reset), 'a reset on the first use'],
    ['a reset before the first use', new Client().batch('select 1', reset), 'a reset before anybody has entered'],
    [
      'an entry without a reset after the checks of a new connection',
      new Client().send('select 1', plain).send(routed, plain),
      'without a reset',
    ],
    ['a reset within a session', used().send(begin, reset).send(inSession, reset), 'a reset within a session'],
    ['two resets for one use', used().batch('SET NOCOUNT ON;', reset).send(routed, reset), 'two resets'],
    ['a message that is not routed', used().batch('select * from t', plain), 'neither enters nor begins with the guard'],
    ['a ping', used().send('SELECT 1;', reset), 'neither enters nor begins with the guard'],
    ['a statement outside any transaction', used().send(inSession, plain), 'outside any transaction'],
    ['a use that takes a transaction to be open still', used().within(7).send(routed, reset), 'takes a transaction to be open still'],
    ['a session that does', used().within(7).send(begin, reset), 'takes a transaction to be open still'],
    ['a statement of a session beside its transaction', used().send(begin, reset).within(0).send(inSession, plain), 'another transaction'],
    [
      'a statement of a session in another transaction than the one before',
      used().send(begin, reset).send(inSession, plain).within(8).send(inSession, plain),
      'another transaction',
    ],
    [
      'a statement of a session in the transaction of an earlier one',
      used().send(begin, reset).send(end, plain).send(begin, reset).send(inSession, plain),
      'another transaction',
    ],
    ['a statement after COMMIT', used().send(begin, reset).send(end, plain).send(inSession, plain), 'outside any transaction'],
    [
      'a statement of one tenant in the session of another',
      used().send(begin, reset, 2).send(inSession, plain, 1),
      'in the context of tenant 00000002',
    ],
    [
      'a routed statement in the context of another',
      new Client().send(routed, plain, 1, { caller: 2 }),
      'in the context of tenant 00000001',
    ],
    [
      'a routed statement with what another call has brought',
      new Client().send(bringing, plain, 1, { brings: 'of ann' }),
      'a statement of tenant 00000001 in the context of tenant 00000001 of ann',
    ],
    ['an entry that brings what is not there', new Client().send(bringing, plain), 'an entry out of order'],
    ['a mapping entered with the key of another', used().send(routed, reset, 1, { key: 2, caller: 2 }), 'belongs to another'],
    ['a mapping entered with the token of another', used().send(routed, reset, 1, { token: 2 }), 'belongs to another'],
    ['an entry before BEGIN', new Client().send(routed.replace('BEGIN TRANSACTION;', ''), plain), 'out of order'],
    ['an entry that is not checked', new Client().send(routed.replace(check, ''), plain), 'out of order'],
    ['an entry without XACT_ABORT', new Client().send(routed.replace('SET XACT_ABORT ON;', ''), plain), 'out of order'],
    ['a COMMIT without guard', new Client().send(routed.replace(scope[2]!, ''), plain), 'not followed by guard and COMMIT'],
    ['a COMMIT whose error handler has no guard', new Client().send(routed.replace(scope[5]!, ''), plain), 'not followed by guard'],
    ['a statement after COMMIT in the same message', new Client().send(`${routed}update t`, plain), 'not followed by'],
    ['a statement in the scope of the message', new Client().send(routed.replace(scope[1]!, 'update t'), plain), 'no scope of its own'],
    [
      "a session's statement in the scope of its message",
      used().send(begin, reset).send(inSession.replace(scope[1]!, 'update t'), plain),
      'no scope of its own',
    ],
  ])('finds %s', (_title, client, fault) => {
    expect(judged(client).faults).toEqual([expect.stringContaining(fault)]);
  });

  test('finds an entry that leaves out what its call has brought', () => {
    expect(judged(new Client().send(routed, plain, 1, { brings: 'of ann' })).faults).toContain('connection 1: an entry out of order');
  });

  test('finds a reset bit on a later packet of a message', () => {
    const client = used();
    const whole = call(routed, [parameter('@p1', integer(1))]);
    client.packets.push(
      { connection: 1, from: 'client', bytes: packet(3, 0x08, whole.subarray(0, 500)) },
      { connection: 1, from: 'client', bytes: packet(3, 0x09, whole.subarray(500)) },
    );
    expect(judged(client).faults).toContain('connection 1: a later packet of a message carries the reset bit');
  });

  test('finds a message that is sent before the answer to the one before has ended', () => {
    const client = used();
    client.packets.pop();
    expect(judged(client.send(routed, reset)).faults).toEqual([
      'connection 1: a message was sent before the answer to the one before it had ended',
    ]);
  });

  test('passes over an attention, and over a message that its client gave up half-way', () => {
    const client = used();
    client.packets.push({ connection: 1, from: 'client', bytes: packet(6, 1, Buffer.alloc(0)) });
    expect(judged(client.send('select 1', 0x03).send(routed, reset)).faults).toEqual([]);
  });

  test('keeps connections apart', () => {
    const [first, second] = [used(), used()];
    const packets = [...first.packets, ...second.packets.map((each) => Object.assign(each, { connection: 2 }))];
    expect(judge(packets, { callerOf: () => undefined })).toMatchObject({ faults: [], routed: 2, resets: 0 });
  });
});

/** ALL_HEADERS with a transaction descriptor. */
function headers(transaction: number): Buffer {
  return Buffer.concat([Buffer.from('16000000120000000200', 'hex'), Buffer.from([transaction]), Buffer.alloc(11)]);
}

function packet(type: number, status: number, data: Buffer): Buffer {
  const header = Buffer.from([type, status, 0, 0, 0, 0, 1, 0]);
  header.writeUInt16BE(8 + data.length, 2);
  return Buffer.concat([header, data]);
}

function call(text: string, parameters: readonly Buffer[], transaction = 0): Buffer {
  const procedure = Buffer.from([0xff, 0xff, 10, 0, 0, 0]);
  return Buffer.concat([headers(transaction), procedure, parameter('', words(text)), parameter('', words('@p1 int')), ...parameters]);
}

function parameter(name: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'utf16le'), Buffer.from([0]), value]);
}

/** nvarchar(4000). */
function words(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(bytes.length);
  return Buffer.concat([Buffer.from('e7401f0904d00034', 'hex'), length, bytes]);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return Buffer.concat([Buffer.from([0x26, 4, 4]), bytes]);
}

/** varbinary(128) of four bytes whose hex is the number's digits. */
function binary(value: number): Buffer {
  return Buffer.concat([Buffer.from('a580000400', 'hex'), Buffer.from(value.toString().padStart(8, '0'), 'hex')]);
}

import { describe, expect, it, test } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import { redactSettings } from '../../../src/config/redact.ts';
import { problemsOf } from './problems-of.ts';
import { sampleConfig, sampleEnvironment } from './sample.ts';

const problems = (procedures: unknown): string[] => problemsOf(sampleConfig({ procedures }));
const kinds = 'int16, int32, int64, decimal, float32, float64, boolean, text, uuid, bytes, date, time, timestamp, instant';

describe('procedures', () => {
  const written = {
    Close: { parameters: { Id: 'int64', Note: { type: 'text', maximumLength: 20, required: false, nullable: true } }, returns: 'nothing' },
    'sales.Sums': { returns: { rows: { Day: 'date', Sum: { type: 'decimal', precision: 18, scale: 4 } } }, readOnly: true },
    Whole: { returns: 'json' },
  };

  it('are read with their defaults, in the order in which they stand', () => {
    const unbound = { maximumLength: null, precision: null, scale: null };
    expect(resolveConfig(sampleConfig({ procedures: written }), sampleEnvironment).procedures).toEqual([
      {
        name: 'Close',
        routine: 'Close',
        parameters: [
          { ...unbound, name: 'Id', kind: 'int64', required: true, nullable: false },
          { ...unbound, name: 'Note', kind: 'text', maximumLength: 20, required: false, nullable: true },
        ],
        returns: { kind: 'nothing' },
        readOnly: false,
      },
      {
        name: 'sales.Sums',
        schema: 'sales',
        routine: 'Sums',
        parameters: [],
        returns: {
          kind: 'rows',
          columns: [
            { ...unbound, name: 'Day', kind: 'date' },
            { ...unbound, name: 'Sum', kind: 'decimal', precision: 18, scale: 4 },
          ],
        },
        readOnly: true,
      },
      { name: 'Whole', routine: 'Whole', parameters: [], returns: { kind: 'json' }, readOnly: false },
    ]);
    expect(resolveConfig(sampleConfig(), sampleEnvironment).procedures).toEqual([]);
  });

  it('are shown as they can be written', () => {
    const { procedures } = redactSettings(resolveConfig(sampleConfig({ procedures: written }), sampleEnvironment));
    expect(procedures).toEqual({
      Close: {
        parameters: {
          Id: { type: 'int64', required: true, nullable: false },
          Note: { type: 'text', maximumLength: 20, required: false, nullable: true },
        },
        returns: 'nothing',
        readOnly: false,
      },
      'sales.Sums': {
        parameters: {},
        returns: { rows: { Day: { type: 'date' }, Sum: { type: 'decimal', precision: 18, scale: 4 } } },
        readOnly: true,
      },
      Whole: { parameters: {}, returns: 'json', readOnly: false },
    });
    expect(problems(procedures)).toEqual([]);
  });

  test.each<[what: string, procedures: unknown, problems: readonly string[]]>([
    ['a list', [], ['procedures: must be an object']],
    [
      'no answer, and an unknown key',
      { A: {}, B: { returns: 'json', readonly: true } },
      [
        "procedures.A.returns: must be 'json', 'nothing', or { rows: { … } } with the type of each column",
        'procedures.B: unknown key "readonly" (did you mean "readOnly"?); allowed are parameters, returns, readOnly',
      ],
    ],
    [
      'names that are none',
      { 'a.b.c': { returns: 'json' }, A: { parameters: { '@Id': 'int32', '1': 'int32' }, returns: 'json' } },
      [
        "procedures.a.b.c: must be a procedure's name, or a schema and a procedure's name with a dot between",
        'procedures.A.parameters.1: must be a name of 1 to 63 letters, digits and _, no digit first',
        'procedures.A.parameters.@Id: must be a name of 1 to 63 letters, digits and _, no digit first',
      ],
    ],
    [
      'types that are none, and one that no column of an answer has',
      {
        A: { parameters: { Id: 'integer', Of: 7, At: { type: 'x' } }, returns: { rows: { Doc: 'json' } } },
      },
      [
        `procedures.A.parameters.Id.type: must be one of ${kinds}, json`,
        `procedures.A.parameters.Of: must be a type, one of ${kinds}, json, or an object with a type`,
        `procedures.A.parameters.At.type: must be one of ${kinds}, json`,
        `procedures.A.returns.rows.Doc.type: must be one of ${kinds}`,
      ],
    ],
    [
      'bounds of another type, and a decimal without',
      {
        A: {
          parameters: {
            Id: { type: 'int32', maximumLength: 5, precision: 5, scale: 0 },
            Sum: 'decimal',
            Part: { type: 'decimal', precision: 2, scale: 3 },
          },
          returns: { rows: {} },
        },
      },
      [
        'procedures.A.parameters.Id.maximumLength: is for the type text',
        'procedures.A.parameters.Id.precision: is for the type decimal',
        'procedures.A.parameters.Id.scale: is for the type decimal',
        'procedures.A.parameters.Sum.precision: is missing: a decimal says how many digits it has',
        'procedures.A.parameters.Sum.scale: is missing: a decimal says how many of its digits stand after the point',
        'procedures.A.parameters.Part.scale: must be at most the precision, 2',
        "procedures.A.returns.rows: needs at least one column: { Id: 'int32' }",
      ],
    ],
    [
      'two names that are one but for the case of their letters',
      {
        A: { parameters: { Id: 'int32', ID: 'int32' }, returns: { rows: { a: 'text', A: 'text' } } },
      },
      [
        'procedures.A.parameters.ID: has the name of Id but for the case of its letters',
        'procedures.A.returns.rows.A: has the name of a but for the case of its letters',
      ],
    ],
    [
      'the tenant column',
      { A: { parameters: { TenantId: 'int32' }, returns: { rows: { TenantId: 'int32' } } } },
      [
        'procedures.A.parameters.TenantId: is the tenant column of a table; the token decides whose rows they are',
        'procedures.A.returns.rows.TenantId: is the tenant column of a table, which no answer has',
      ],
    ],
    [
      'a name that no object can be read by',
      JSON.parse('{ "__proto__": { "returns": "json" } }'),
      ['procedures.__proto__: is a name that nothing can have'],
    ],
  ])('are refused with every problem, its path and what is allowed: %s', (_, procedures, expected) => {
    expect(problems(procedures).toSorted()).toEqual(expected.toSorted());
  });
});

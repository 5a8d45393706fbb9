import { describe, expect, test } from 'vitest';
import { problemsOf } from './problems-of.ts';
import { sampleConfig } from './sample.ts';

const noSuchDrift =
  'must be an object as policy apply and doctor name it, such as public.Blogs: default, or view public.totals; by itself it may be a ' +
  "view, materialized view, table, sequence, function, procedure, synonym, queue, trigger, rule, foreign key, unique key, call, cast, operator, operator class, operator family, access method, type, collation, conversion, transform, text search, settings, rights, foreign server, assembly, parameter, none of Tenantry's own";

describe('drift is refused with every problem, its path and what is allowed:', () => {
  test.each<[title: string, config: unknown, problems: readonly string[]]>([
    [
      'drift by which tenants could reach what is not theirs',
      sampleConfig({
        drift: [
          'public.Blogs: row security',
          'public.Blogs: policy tenantry_tenant',
          'dbo.Blogs: filter predicate',
          'public.Blogs: rights of tenantry_app',
        ].map((object) => ({ shards: '*', object, reason: 'A hotfix.', until: '2027-01-31' })),
      }),
      ['row security', 'policy tenantry_tenant', 'filter predicate', 'rights of tenantry_app'].map(
        (item, index) =>
          `drift[${index}].object: names ${item}, which keeps the rows of tenants apart or is needed for that: no drift of it is accepted; ` +
          'of a table the default may be, and rights of tenantry_superuser and tenantry_mover',
      ),
    ],
    [
      'drift for nobody, of nothing, for no reason, for ever, and twice',
      sampleConfig({
        drift: [
          { shards: [], object: 'Blogs', reason: ' ', until: '2027-02-30' },
          { shards: 'a', object: 'view public.v', reason: 'x' },
          { shards: ['a', 'b'], object: 'view public.w', reason: 'x', until: '2027-01-31' },
          { shards: '*', object: 'view public.w', reason: 'y', until: '2027-03-31' },
          { shards: '*', object: 'view public.y', reason: 'for good', until: '9999-12-31' },
        ],
      }),
      [
        'drift[0].shards: must name at least one shard, or be *',
        `drift[0].object: ${noSuchDrift}`,
        'drift[0].reason: must be 1 to 400 characters, none of them a control character',
        "drift[0].until: must be a day, such as '2027-01-31'",
        "drift[1].shards: must be '*' or a list of names of shards",
        'drift[1].until: is missing',
        "drift[4].until: must be a day before '9999-12-31', such as '2027-01-31'",
      ],
    ],
    [
      'drift of what nobody could have meant, of what always is there, and of a table without its schema',
      sampleConfig({
        drift: [
          'veiw public.totals',
          'hello world',
          'policy public."Blogs" tenantry_tenant',
          'row security public."Blogs"',
          'role tenantry_app',
          'function tenantry.current_tenant()',
          'Blogs: default',
        ].map((object) => ({ shards: '*', object, reason: 'A hotfix.', until: '2027-01-31' })),
      }),
      [
        ...Array.from({ length: 6 }, (_, index) => `drift[${index}].object: ${noSuchDrift}`),
        'drift[6].object: must name the table with its schema, such as public.Blogs: default',
      ],
    ],
    [
      'drift of one object twice',
      sampleConfig({
        drift: [
          { shards: ['a', 'b'], object: 'view public.w', reason: 'x', until: '2027-01-31' },
          { shards: ['b'], object: 'view public.v', reason: 'y', until: '2027-03-31' },
          { shards: '*', object: 'view public.w', reason: 'y', until: '2027-03-31' },
        ],
      }),
      ['drift[2].object: is that of drift[0], on a shard of both'],
    ],
  ])('%s', (_title, config, problems) => {
    expect(problemsOf(config)).toEqual(problems);
  });
});

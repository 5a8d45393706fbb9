import type { ScriptedShard } from './scripted-shard.ts';
import type { ModelStatement, StatementAnswer } from './tds/model/statement.ts';

interface Blog {
  readonly tenant: number;
  readonly id: number;
  /** The transaction that inserted it. */
  readonly transaction: bigint;
  committed: boolean;
}

/** Just enough of a table to answer the statements of the contract: inserts, one query, waiting. It knows no SQL and no policies. */
export class ScriptedBlogs {
  readonly #shard: ScriptedShard;
  #rows: Blog[] = [];

  constructor(shard: ScriptedShard) {
    this.#shard = shard;
  }

  get committed(): number {
    return this.#rows.filter(({ committed }) => committed).length;
  }

  clear(): void {
    this.#rows = [];
  }

  async answer(statement: ModelStatement): Promise<StatementAnswer> {
    const { text, parameters, tenant } = statement;
    const [first, second] = parameters.map(({ value }) => value);
    const owner = (tenant?.readInt32BE() ?? 0) & 0x7fffffff;
    if (text.startsWith('insert')) return this.#insert(statement, owner, Number(first), String(second));
    if (text.startsWith('select @p1 as waited')) return await waited(statement, Number(first));
    if (!text.includes('[Blogs]')) return { error: { number: 207, message: 'Invalid column name.' } };
    const seen = this.#visible(statement).filter((row) => row.tenant === owner);
    return { columns: { TenantId: 'int', BlogId: 'int' }, rows: seen.map(({ id }) => [owner, id]) };
  }

  #insert(statement: ModelStatement, tenant: number, id: number, name: string): StatementAnswer {
    if (this.#visible(statement).some((row) => row.tenant === tenant && row.id === id))
      return { error: { number: 2627, message: `The duplicate key value is (${tenant}, ${id}, ${name}).` } };
    const row: Blog = { tenant, id, transaction: this.#transaction(statement), committed: false };
    this.#rows.push(row);
    return { count: 1, effect: () => (row.committed = true) };
  }

  #visible(statement: ModelStatement): readonly Blog[] {
    const transaction = this.#transaction(statement);
    return this.#rows.filter((row) => row.committed || row.transaction === transaction);
  }

  #transaction({ connection }: ModelStatement): bigint {
    return this.#shard.model.session(connection).transaction;
  }
}

/** WAITFOR, which an attention ends. */
async function waited({ answer }: ModelStatement, ms: number): Promise<StatementAnswer> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (answer.attention.aborted) stop();
    else answer.attention.addEventListener('abort', stop, { once: true });
  });
  return { columns: { waited: 'int' }, rows: [[ms]] };
}

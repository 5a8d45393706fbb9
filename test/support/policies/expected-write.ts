import { tableOf, type Outcome, type Row, type Where, type World, type Write, type Caller } from './model.ts';
import { Reference, type RawMeanings } from './reference.ts';

/** Where engines differ in how they keep what a model promises (docs/policies.md). */
export interface WriteManners {
  /** An insert that answers with its row, or looks for the row that is there already, asks that the row may be read. */
  readonly answerAsksReading: boolean;
  /** What may be seen but not changed: passed over, or the statement is refused. */
  readonly unchangeable: 'passed over' | 'refused';
}

/** What must come of a write of a caller. */
export function expectedOutcome(world: World, caller: Caller, write: Write, manners: WriteManners, raw: RawMeanings): Outcome {
  return new Expectation(world, new Reference(world, caller, raw), write.table, manners).of(caller, write);
}

class Refused extends Error {}

class Expectation {
  readonly #reference: Reference;
  readonly #table: string;
  readonly #manners: WriteManners;
  readonly #tenantColumn: string;
  readonly #key: string;
  #rows: readonly Row[];

  constructor(world: World, reference: Reference, table: string, manners: WriteManners) {
    const { settings, key } = tableOf(world.shape, table);
    this.#reference = reference;
    this.#table = table;
    this.#manners = manners;
    this.#tenantColumn = settings.tenantColumn ?? '';
    this.#key = key;
    this.#rows = world.rows[table] ?? [];
  }

  of(caller: Caller, write: Write): Outcome {
    const row = 'row' in write ? { [this.#tenantColumn]: String(caller.tenant), ...write.row } : {};
    try {
      const answered = this.#run(write, row);
      return { rows: this.#rows, answered: 'answers' in write && write.answers ? answered : [] };
    } catch (error) {
      if (error instanceof Refused) return 'refused';
      throw error;
    }
  }

  #run(write: Write, row: Row): Row[] {
    switch (write.kind) {
      case 'insert':
        return this.#insert(row, write.answers);
      case 'update':
        return this.#update(this.#chosen(write.where), write.set);
      case 'delete':
        return this.#delete(this.#chosen(write.where));
      case 'upsert':
        return this.#upsert(row, write.set);
      case 'merge':
        return this.#merge(row, write.matched, write.inserts);
    }
  }

  #insert(row: Row, asksReading: boolean): Row[] {
    this.#demand(this.#reference.mayInsert(this.#table, row));
    this.#demand(!(asksReading && this.#manners.answerAsksReading) || this.#reference.sees(this.#table, row));
    this.#demand(this.#sameKey(row) === undefined);
    this.#rows = [...this.#rows, row];
    return [row];
  }

  #update(chosen: readonly Row[], set: Row): Row[] {
    const changes = new Map(this.#changeable(chosen, 'mayUpdate').map((row) => [row, { ...row, ...set }]));
    for (const changed of changes.values()) this.#demand(this.#reference.mayUpdate(this.#table, changed));
    this.#rows = this.#rows.map((row) => changes.get(row) ?? row);
    return [...changes.values()];
  }

  #delete(chosen: readonly Row[]): Row[] {
    const gone = this.#changeable(chosen, 'mayDelete');
    this.#rows = this.#rows.filter((row) => !gone.includes(row));
    return gone;
  }

  #changeable(chosen: readonly Row[], right: 'mayUpdate' | 'mayDelete'): Row[] {
    const seen = chosen.filter((row) => this.#reference.sees(this.#table, row));
    const changeable = seen.filter((row) => this.#reference[right](this.#table, row));
    this.#demand(this.#manners.unchangeable === 'passed over' || changeable.length === seen.length);
    return changeable;
  }

  #upsert(row: Row, set: Row | null): Row[] {
    const there = this.#sameKey(row);
    if (there === undefined) return this.#insert(row, true);
    this.#demand(this.#reference.mayInsert(this.#table, row));
    this.#demand(!this.#manners.answerAsksReading || this.#reference.sees(this.#table, row));
    if (set === null) return [];
    this.#demand(this.#reference.mayUpdate(this.#table, there));
    return this.#update([there], set);
  }

  /** What is there and not seen matches nothing, and is in the way of what is inserted. */
  #merge(row: Row, matched: Row | 'delete' | 'nothing', inserts: boolean): Row[] {
    const there = this.#sameKey(row);
    if (there === undefined || !this.#reference.sees(this.#table, there)) return inserts ? this.#insert(row, false) : [];
    if (matched === 'nothing') return [];
    this.#demand(this.#reference[matched === 'delete' ? 'mayDelete' : 'mayUpdate'](this.#table, there));
    return matched === 'delete' ? this.#delete([there]) : this.#update([there], matched);
  }

  #chosen(where: Where | undefined): readonly Row[] {
    return where === undefined ? this.#rows : this.#rows.filter((row) => row[where.column] === where.equals);
  }

  #sameKey(row: Row): Row | undefined {
    return this.#rows.find((other) => [this.#tenantColumn, this.#key].every((column) => other[column] === row[column]));
  }

  #demand(met: boolean): void {
    if (!met) throw new Refused();
  }
}

import { afterAll, beforeAll, expect } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { createCliWorld, type CliWorld } from './world.ts';

/** A catalog with a list map and a range map (`spans`), shard a with tenant 42 on it, and the database shop_b, which is no shard yet. */
class CliFleet {
  #world: CliWorld | undefined;
  #catalog: SqlDatabase | undefined;

  get world(): CliWorld {
    return started(this.#world);
  }

  get catalog(): SqlDatabase {
    return started(this.#catalog);
  }

  /** The server of every database, as options of a command. */
  get place(): string {
    const { host, port } = this.world.server;
    return `--host ${host} --port ${port}`;
  }

  async start(): Promise<void> {
    const world = await createCliWorld();
    this.#world = world;
    this.#catalog = world.openDatabase('catalog');
    for (const name of ['shop_a', 'shop_b']) await world.createShardDatabase(name);
    for (const line of [
      'map create',
      'map create spans --kind range',
      `shard add a ${this.place} --database shop_a --bootstrap`,
      'tenant add 42 --shard a',
    ]) {
      const { code, err } = await world.run(line);
      if (code !== 0) throw new Error(`${line}: ${err}`);
    }
  }

  /** Runs a line that must be refused with one error, which it gives, and nothing changed in the catalog; `told` is what it says besides. */
  async refused(line: string, environment: Record<string, string> = {}, told: unknown = ''): Promise<string> {
    const before = await this.#catalogContents();
    const { code, out, err } = await this.world.run(line, { environment });
    expect({ code, out }).toEqual({ code: 1, out: told });
    expect(err.match(/^error: /gm)).toHaveLength(1);
    for (const secret of [this.world.server.password, this.world.environment['TENANTRY_PASSWORD'] ?? '']) expect(err).not.toContain(secret);
    expect(await this.#catalogContents()).toEqual(before);
    return err;
  }

  async stop(): Promise<void> {
    await this.#world?.close();
  }

  /** Everything that a command could have changed in the catalog. */
  async #catalogContents(): Promise<unknown> {
    const text = `select (select json_agg(s order by s.name) from tenantry.shard s) as shards, (select json_agg(m order by m.mapping_id) from tenantry.mapping m) as mappings,
      (select json_agg(p order by p.map_id) from tenantry.shard_map p) as maps, (select count(*) from tenantry.operation) as operations`;
    return (await this.catalog.query(sqlText(text))).rows;
  }
}

/** Starts the fleet for the tests of a file. */
export function useCliFleet(): CliFleet {
  const fleet = new CliFleet();
  beforeAll(() => fleet.start());
  afterAll(() => fleet.stop());
  return fleet;
}

function started<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('The fleet of the tests has not been started.');
  return part;
}

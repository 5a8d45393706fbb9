import { pause } from '../core/pause.ts';
import type { Clock } from '../core/clock.ts';
import { hadNoAnswer, TenantryError } from '../core/errors.ts';
import { sentence } from '../core/sentence.ts';
import type { SqlDatabase, SqlSession } from '../core/session.ts';
import { compileSql } from '../core/compile-sql.ts';
import type { Sql, SqlDialect } from '../core/sql.ts';
import { LockNotGiven } from '../engine/lock-not-given.ts';
import { accept, type Accepting } from './acceptance.ts';
import { sortDifferences } from './accepted-drift.ts';
import { compareShard, isAsItMustBe, type ShardComparison } from './shard-comparison.ts';
import { compare, type Difference } from './diff.ts';
import { readFingerprint, type Fingerprint } from './fingerprint.ts';
import { LockWait } from './lock-wait.ts';
import { lockPolicies } from './lock.ts';
import type { PolicyFinding, ShardTables } from './model.ts';
import { unexplainedEffects, type Effect } from './unexplained-effects.ts';
import type { PolicyEngine } from './policy-engine.ts';
import type { ProbeFinding } from './probes/probe.ts';
import { probeChange, type Probing } from './probes/change.ts';

/** The pause before the second try; each later one is twice as long, up to the longest. */
const pauses = { firstMs: 500, longestMs: 8_000 };

/** What was found before a change. */
export interface ShardChange extends ShardComparison {
  /** What was examined to be minded. */
  readonly warnings: readonly PolicyFinding[];
  /** What of it could not be tried. */
  readonly unproven: readonly ProbeFinding[];
}

/** How long to try, and what for. */
interface ChangeOptions {
  readonly clock: Clock;
  /** Milliseconds until no other try is made. */
  readonly withinMs: number;
  /** Aborted: no other try is made. */
  readonly stop?: AbortSignal | undefined;
  /** Looks first, at what is not compared: what may undo what is set. What it throws ends it. */
  readonly examine: (session: SqlSession) => Promise<readonly PolicyFinding[]>;
  /** Looks at what was found, before anything is changed; what it throws ends it. */
  readonly permit: (found: ShardComparison, warnings: readonly PolicyFinding[]) => void;
  readonly accepting: Accepting;
  /** How it is tried before it is committed; undefined: it is not. */
  readonly probing?: Probing | undefined;
}

/**
 * Sets what differs on a shard in one transaction, whole or not at all, and gives what was found before (docs/decisions/016). What then
 * protects it is accepted in the same transaction: what was found with what is set, and nothing that others commit meanwhile, with which all
 * of it is done again. Tables that are in use, and whoever judges the shard, are waited for briefly, again and again. Throws TIMEOUT or
 * SERIALIZATION_FAILURE, naming what was in use to the end, CONFLICT where others changed the shard to the end, and INVALID_CONFIGURATION,
 * with all of it, for what admin may not set: the shard is as it was then.
 */
export async function changeShard(
  shard: SqlDatabase,
  engine: PolicyEngine,
  tables: ShardTables,
  { clock, withinMs, stop, ...change }: ChangeOptions,
): Promise<ShardChange> {
  const end = clock.now() + withinMs;
  const inUse = new Set<string>();
  let alone = false;
  let effects: ReadonlySet<Effect> | undefined;
  let pauseMs = pauses.firstMs;
  for (;;) {
    try {
      return await shard.transaction((session) => changeTables(session, engine, tables, { ...change, clock, inUse, alone, effects }));
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error;
      // A first time may be of its own doing, and waits for nobody.
      const isAtOnce = error instanceof ChangedMeanwhile && effects === undefined;
      if (!isAtOnce && clock.now() + pauseMs > end) throw error.told();
      if (!isAtOnce && stop?.aborted !== true) await pause(clock, pauseMs);
      if (stop?.aborted === true) throw error.told();
      if (!isAtOnce) pauseMs = Math.min(2 * pauseMs, pauses.longestMs);
      // Others whose changes follow one another would keep it out for as long as they go on.
      alone ||= error instanceof InUse ? error.what === theGate : effects !== undefined;
      if (error instanceof InUse) inUse.add(error.what);
      if (error instanceof ChangedMeanwhile) effects = error.effects;
    }
  }
}

/** A try of which nothing stays, and that may be made again. */
abstract class GivenUp extends Error {
  abstract told(): TenantryError;
}

/** What others hold, who judge or accept what protects the shard. */
const theGate = 'The gate of the shard';

/** A table, or the gate, could not be had. */
class InUse extends GivenUp {
  /** Name of the table, or `theGate`. */
  readonly what: string;
  readonly #reason: TenantryError;

  constructor(what: string, reason: TenantryError) {
    super(`${what} is in use.`, { cause: reason });
    this.what = what;
    this.#reason = reason;
  }

  override told(): TenantryError {
    const { code, reason, outcome } = this.#reason;
    const detail = `${this.what} is in use and could not be changed: ${reason} Nothing was changed; run it again.`;
    return new TenantryError(code, detail, { cause: this.#reason, outcome });
  }
}

/** What protects the shard is not what was found with what was set. */
class ChangedMeanwhile extends GivenUp {
  readonly effects: ReadonlySet<Effect>;

  constructor(effects: ReadonlySet<Effect>) {
    super('What protects the shard became another.');
    this.effects = effects;
  }

  override told(): TenantryError {
    const detail = 'Others changed what protects the shard while it was compared and set. Nothing was changed; run it again.';
    return new TenantryError('CONFLICT', detail);
  }
}

interface Try extends Omit<ChangeOptions, 'withinMs' | 'stop'> {
  /** What was in use in a try before: tables of it are locked while nothing else is, so that others wait behind them alone. */
  readonly inUse: ReadonlySet<string>;
  /** Nobody else's change is committed meanwhile: their makers wait, instead of this try being given up. */
  readonly alone: boolean;
  /** What came of the try before, which is undone: what comes again of this one is its own doing. */
  readonly effects: ReadonlySet<Effect> | undefined;
}

async function changeTables(
  session: SqlSession,
  engine: PolicyEngine,
  tables: ShardTables,
  { clock, inUse, alone, effects, examine, permit, accepting, probing }: Try,
): Promise<ShardChange> {
  const { renderer, dialect } = engine;
  // Who waits for this one at his commit may hold what is read here.
  const inPeace = async <T>(look: Promise<T>): Promise<T> => (alone ? await unlessInUse(theGate, look) : await look);
  await inPeace(lockPolicies(session, { alone }));
  const noted = await notedByOthers(session);
  const requireAlone = async (): Promise<void> => {
    if ((await notedByOthers(session)) !== noted) throw new ChangedMeanwhile(effects ?? new Set());
  };
  const found = await inPeace(compareShard(session, engine, tables, accepting));
  // What it does not see, the fingerprint has not either, which is read again below.
  const warnings = await inPeace(examine(session));
  permit(found, warnings);
  const { pending } = found;
  if (isAsItMustBe(found)) return { ...found, warnings, unproven: [] };
  const wait = new LockWait(clock);
  const run = async (table: string, statement: Sql, workMs: number): Promise<void> => {
    const work = wait.during(workMs, async (patienceMs) => await session.query(renderer.patiently(statement, patienceMs)));
    await unlessInUse(table, work).catch(couldNotBeChanged(table));
  };
  const byObject = Map.groupBy(pending, ({ object }) => object);
  for (const [name, items] of inUseFirst([...byObject], inUse)) {
    const lock = renderer.locking(items.filter((difference) => difference.of === 'table'));
    if (lock !== null) await run(name, lock, 0);
  }
  // With the tables locked, as long as others were waited for.
  const { fingerprint, items: before } = await inPeace(readFingerprint(session, renderer));
  if (fingerprint !== found.fingerprint) throw new ChangedMeanwhile(effects ?? new Set());
  const permitAcceptance = async (after: Fingerprint['items']): Promise<void> => {
    await requireAlone();
    const became = unexplainedEffects(renderer, pending, { before, after });
    if ([...became].some((effect) => effects?.has(effect) !== true)) throw new ChangedMeanwhile(became);
  };
  for (const [name, items] of byObject) {
    for (const message of renderer.messages(items.flatMap(({ statements }) => statements))) await run(name, message, LockWait.statementMs);
  }
  for (const statement of found.forgetting) await session.query(statement);
  const { inForce: drift } = found.drift;
  const { pending: left, kept } = sortDifferences((await compare(session, renderer, tables)).pending, drift);
  if (left.length > 0) {
    await requireAlone();
    throw refusal(left, dialect);
  }
  const findings = { nowMs: found.nowMs, drift, kept, permit: permitAcceptance };
  await unlessInUse(theGate, accept(session, renderer, tables.tables, accepting, findings));
  // After the acceptance, which opens the gate, and before the commit: what leaks takes all of it back.
  return { ...found, warnings, unproven: probing === undefined ? [] : await probeChange(session, tables, found, probing) };
}

/** Another text after each change that others have committed; always the same where the server has nothing that notes them. */
async function notedByOthers(session: SqlSession): Promise<string | undefined> {
  return (await session.run<{ noted: string }>('policy/noted-by-others')).rows[0]?.noted;
}

function inUseFirst(objects: readonly [string, Difference[]][], inUse: ReadonlySet<string>): readonly [string, Difference[]][] {
  return [...objects.filter(([name]) => inUse.has(name)), ...objects.filter(([name]) => !inUse.has(name))];
}

/** What `work` comes to; where something could not be had for it, that is why the try is given up. */
async function unlessInUse<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isInUse(error) ? new InUse(what, error) : error;
  }
}

/** Whether a lock was not to be had, or this transaction gave way in a deadlock; not where a statement took too long by itself. */
function isInUse(error: unknown): error is TenantryError {
  return error instanceof LockNotGiven || (error instanceof TenantryError && error.code === 'SERIALIZATION_FAILURE');
}

/** A server that refuses a statement says why, and not of what. */
function couldNotBeChanged(what: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof TenantryError) || hadNoAnswer(error)) throw error;
    const { code, reason, outcome } = error;
    const who = code === 'FORBIDDEN' ? ' by the admin login' : '';
    throw new TenantryError(code, `${what} could not be changed${who}: ${sentence(reason)} Nothing was changed.`, {
      cause: error,
      outcome,
    });
  };
}

/** What stays as it was although every statement was accepted: a server may only warn of rights that are not the admin's to give. */
function refusal(left: readonly Difference[], dialect: SqlDialect): TenantryError {
  const list = left.map(({ object, item, byAdministrator }) => {
    const texts = byAdministrator.map((statement) => compileSql(statement, dialect).text);
    return `${item} (${object}): ${texts.join('; ')};`;
  });
  const detail = `The admin login may not set these; an administrator must, and nothing was changed:\n- ${list.join('\n- ')}`;
  return new TenantryError('INVALID_CONFIGURATION', detail);
}

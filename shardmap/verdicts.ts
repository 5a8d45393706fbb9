import { digest } from '../src/core/digest.ts';
import type { Row, SqlSession } from '../src/core/session.ts';
import type { ShardSigner, ShardStatement, SigningKey } from '../src/core/shard-signer.ts';
import { catalogUnavailable } from './sql-catalog.ts';
import { unlessVictim } from './unless-victim.ts';

/** What came of trying a shard's protection. */
export interface Verdict {
  /** Milliseconds since 1970. */
  readonly verifiedAt: number;
  /** Up to 128 characters. */
  readonly verifiedBy: string;
  /** Of all that decided what app could see and do there. */
  readonly fingerprint: string;
  /** How many statements were tried. */
  readonly tried: number;
  /** None: it was sound. Never a value of a row. */
  readonly problems: readonly VerdictProblem[];
}

/** One sentence: what was not as it must be or, as `untried`, what could not be tried, which shows neither. */
export type VerdictProblem = string | { readonly untried: string };

/** The sentence alone. */
export function problemText(problem: VerdictProblem): string {
  return typeof problem === 'string' ? problem : problem.untried;
}

/** Whether nothing was found wrong, and something could not be tried. */
export function isUntriedAlone(problems: readonly VerdictProblem[]): boolean {
  return problems.length > 0 && problems.every((problem) => typeof problem !== 'string');
}

/** A verdict as the catalog has it. */
export interface SignedVerdict extends Verdict {
  /** By a key of the fleet; otherwise anybody may have written it. */
  readonly isSigned: boolean;
}

/** As `catalog/latest-verdict` gives it. */
interface LatestVerdict extends Row, Verdict {
  readonly verdictId: number;
  readonly signature: Uint8Array;
}

/** The catalog's verdicts on shards, each signed for its shard. */
export class Verdicts {
  readonly #catalog: SqlSession;
  readonly #signerOf: (shardId: string) => ShardSigner;

  constructor(catalog: SqlSession, signerOf: (shardId: string) => ShardSigner) {
    this.#catalog = catalog;
    this.#signerOf = signerOf;
  }

  /** Throws CATALOG_UNAVAILABLE. */
  async record(shardId: string, verdict: Verdict): Promise<void> {
    const signature = this.#signerOf(shardId).sign(statementOf(verdict));
    const row = { shardId, ...verdict, problems: JSON.stringify(verdict.problems), signature };
    await catalogUnavailable(unlessVictim(() => this.#catalog.run('catalog/add-verdict', row)));
  }

  /** The latest one; undefined: there is none. Throws CATALOG_UNAVAILABLE. */
  async latest(shardId: string): Promise<SignedVerdict | undefined> {
    const found = await this.#latest(shardId);
    if (found === undefined) return undefined;
    const { verdictId: _, signature, ...verdict } = found;
    return { ...verdict, isSigned: this.#signerOf(shardId).isSigned(statementOf(verdict), signature) };
  }

  /** By which fleet key the latest one is signed; undefined: there is none. Throws CATALOG_UNAVAILABLE. */
  async signedBy(shardId: string): Promise<SigningKey | undefined> {
    const found = await this.#latest(shardId);
    if (found === undefined) return undefined;
    const signer = this.#signerOf(shardId);
    if (!signer.isSigned(statementOf(found), found.signature)) return 'neither';
    return Buffer.compare(signer.sign(statementOf(found)), found.signature) === 0 ? 'current' : 'previous';
  }

  /**
   * Signs the latest one by the current fleet key, where it is signed by a key that is known; what it says stays as it is. Throws
   * CATALOG_UNAVAILABLE.
   */
  async signAgain(shardId: string): Promise<void> {
    const found = await this.#latest(shardId);
    if (found === undefined) return;
    const signer = this.#signerOf(shardId);
    const { verdictId, signature: seen, ...verdict } = found;
    if (!signer.isSigned(statementOf(verdict), seen)) return;
    const signature = signer.sign(statementOf(verdict));
    await catalogUnavailable(unlessVictim(() => this.#catalog.run('catalog/sign-verdict-again', { verdictId, seen, signature })));
  }

  async #latest(shardId: string): Promise<LatestVerdict | undefined> {
    const asked = unlessVictim(() => this.#catalog.run<LatestVerdict>('catalog/latest-verdict', { shardId }));
    return (await catalogUnavailable(asked)).rows[0];
  }
}

function statementOf({ verifiedAt, verifiedBy, fingerprint, tried, problems }: Verdict): ShardStatement {
  return { says: 'verified', atMs: verifiedAt, fingerprint, found: digest([verifiedBy, tried, problems]) };
}

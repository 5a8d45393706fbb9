/** What the model keeps of one connection: what SQL Server would keep of a session. */
export class ModelSession {
  /** @@TRANCOUNT. */
  depth = 0;
  /** Descriptor of the open transaction, which is also its CURRENT_TRANSACTION_ID(). */
  transaction = 0n;
  /** Key of the tenant in the session's context, read-only once set; undefined: none. */
  tenant: Buffer | undefined;
  /** What its call has brought besides, `{}` where it has brought nothing, likewise. */
  contextValues: string | undefined;
  /** XACT_ABORT where the batch that runs has it on. */
  xactAbort = false;
  /** IMPLICIT_TRANSACTIONS likewise: what is no part of a transaction begins one. */
  implicit = false;
  noCount = false;
  /** An error has been caught in it under XACT_ABORT: it can only be rolled back. */
  doomed = false;
  isolation = 'READ COMMITTED';
  /** What statements will have done once the transaction is committed. */
  effects: (() => void)[] = [];
  static #transactions = 0n;
  /** How many effects there were at each savepoint, which no depth has. */
  readonly #saved = new Map<string, number>();

  /** Returns the descriptor of the transaction. */
  begin(): bigint {
    this.depth += 1;
    if (this.depth === 1) {
      ModelSession.#transactions += 1n;
      this.transaction = ModelSession.#transactions;
    }
    return this.transaction;
  }

  /** Returns whether the transaction has ended by it. */
  commit(): boolean {
    this.depth -= 1;
    if (this.depth > 0) return false;
    this.#saved.clear();
    for (const effect of this.effects.splice(0)) effect();
    return true;
  }

  save(name: string): void {
    this.#saved.set(name, this.effects.length);
  }

  /** Returns whether there was one; `depth` stays as it is. */
  rollbackTo(name: string): boolean {
    const kept = this.depth === 0 ? undefined : this.#saved.get(name);
    if (kept === undefined) return false;
    this.effects.splice(kept);
    return true;
  }

  rollback(): void {
    this.depth = 0;
    this.#saved.clear();
    this.effects = [];
    this.doomed = false;
  }

  /** Settings end with the scope that made them. */
  scope(): Pick<ModelSession, 'xactAbort' | 'implicit' | 'noCount' | 'isolation'> {
    const { xactAbort, implicit, noCount, isolation } = this;
    return { xactAbort, implicit, noCount, isolation };
  }

  /** What RESETCONNECTION does; the isolation level outlives it. */
  reset(): void {
    this.rollback();
    this.tenant = undefined;
    this.contextValues = undefined;
    this.xactAbort = false;
    this.implicit = false;
    this.noCount = false;
  }
}

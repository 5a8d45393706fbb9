/** A pool as the budget sees it. */
export interface BudgetMember {
  /** Calls that wait for a connection of this pool. */
  readonly waiting: number;
  /** Open connections that nobody uses. */
  readonly idle: number;
  /** Closes one idle connection; the slot comes back when it is closed. */
  closeIdle(): void;
  /** Opens what its waiters need, as far as the budget lets it. */
  grow(): void;
}

/** One member's part of the budget; only the budget changes it. */
export interface BudgetShare {
  readonly member: BudgetMember;
  /** Slots held: connections that are open, being opened or being closed. */
  held: number;
  /** An idle connection of another pool is being closed for this one. */
  asked: boolean;
}

/**
 * The bound over all pools of a process, divided so that no shard can hold what others need. A shard in use has a fair
 * share, `connections / shards in use`; it gets more only while what is left still covers the fair shares of the others in
 * use. Half of all is the most that a shard gets while it is alone. For every shard that is known and not in use one
 * connection is kept back, of half of them at most: however many shards are frozen, with all that they could take, each
 * of the others gets that one, and its fair share as soon as theirs come back.
 */
export class ConnectionBudget {
  readonly #connections: number;
  readonly #perPool: number;
  readonly #shares = new Set<BudgetShare>();
  readonly #starving = new Set<BudgetShare>();
  readonly #knownShards: number;
  #total = 0;

  /** `connections` in all, and at most `perPool` in one pool; `knownShards` that may come to be used. */
  constructor(connections: number, perPool: number, knownShards = 0) {
    this.#knownShards = knownShards;
    this.#connections = connections;
    this.#perPool = perPool;
  }

  /** Adds a pool. */
  join(member: BudgetMember): BudgetShare {
    const share: BudgetShare = { member, held: 0, asked: false };
    this.#shares.add(share);
    return share;
  }

  /** Takes a pool out that opens nothing any more; slots that it holds still come back by `release`. */
  leave(share: BudgetShare): void {
    this.#shares.delete(share);
    this.#starving.delete(share);
  }

  /** Takes a slot, or remembers that the pool wants one and calls its `grow` when there may be one. */
  reserve(share: BudgetShare): boolean {
    if (share.held >= this.#perPool) return false;
    const inUse = this.#inUse();
    const fair = this.#fairShare(inUse);
    const kept = this.#keptBack(inUse);
    const spare = this.#connections - this.#total - kept - (share.held < fair ? 0 : this.#owedToOthers(share, fair, kept));
    if (spare > 0) {
      share.held += 1;
      this.#total += 1;
      return true;
    }
    this.#starving.add(share);
    if (share.held < fair) this.#reclaim(share);
    return false;
  }

  /** Gives a slot back. */
  release(share: BudgetShare): void {
    share.held -= 1;
    this.#total -= 1;
    const hopeful = [...this.#starving];
    this.#starving.clear();
    for (const starving of hopeful) {
      starving.asked = false;
      starving.member.grow();
    }
  }

  /** Whether a connection that is coming back is to be closed, because a pool below its fair share waits for a slot. */
  mustYield(share: BudgetShare): boolean {
    if (this.#starving.size === 0) return false;
    const fair = this.#fairShare(this.#inUse());
    if (share.held <= fair && share.member.waiting > 0) return false;
    for (const starving of this.#starving) {
      if (starving.held < fair && starving.member.waiting > 0) return true;
    }
    return false;
  }

  #inUse(): number {
    let inUse = 0;
    for (const other of this.#shares) if (other.held > 0 || other.member.waiting > 0) inUse += 1;
    return inUse;
  }

  #fairShare(inUse: number): number {
    return Math.max(1, Math.min(this.#perPool, Math.floor(this.#connections / Math.max(2, inUse))));
  }

  /** One for each known shard that is not in use; nothing that those in use need for one each. */
  #keptBack(inUse: number): number {
    const most = Math.min(this.#knownShards - inUse, this.#connections - inUse, Math.floor(this.#connections / 2));
    return Math.max(0, most);
  }

  /** What the fair shares of the others in use still need, besides what is kept back; a whole one, where there are no others. */
  #owedToOthers(share: BudgetShare, fair: number, kept: number): number {
    let owed = 0;
    let others = 0;
    for (const other of this.#shares) {
      if (other === share || (other.held === 0 && other.member.waiting === 0)) continue;
      others += 1;
      owed += Math.max(0, fair - other.held);
    }
    return others === 0 ? Math.max(0, fair - kept) : owed;
  }

  /** Has one idle connection closed, of the pool that holds most, unless that was done for this member already. */
  #reclaim(share: BudgetShare): void {
    if (share.asked) return;
    let richest: BudgetShare | undefined;
    for (const other of this.#shares) {
      if (other !== share && other.member.idle > 0 && other.held > (richest?.held ?? 0)) richest = other;
    }
    if (richest === undefined) return;
    share.asked = true;
    richest.member.closeIdle();
  }
}

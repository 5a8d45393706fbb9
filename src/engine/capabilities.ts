/** What a server can do beyond the common ground, by name; never asked by the engine's name. */
export interface Capabilities {
  /** The engine refuses writes of a transaction that says it only reads. */
  readonly readOnlyTransactions: boolean;
}

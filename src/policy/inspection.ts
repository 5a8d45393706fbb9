/** What protects the tables of a database, as it is. */
export interface Inspection<Model> {
  readonly engine: string;
  /** All that a configuration can say of it: part of one, which makes the same where it is applied. */
  readonly model: Model;
  readonly tables: readonly InspectedTable[];
}

/** One table, by what its database says of it. */
export interface InspectedTable {
  /** `schema.table`. */
  readonly table: string;
  /** Null: the login may not know. */
  readonly owner: string | null;
  /** As the engine calls it: `forced`, `on` or `off`. */
  readonly rowSecurity: string;
  /** What the model calls it; null: the model says nothing of it. */
  readonly inModel: string | null;
  /** What the model does not say. */
  readonly raw: readonly RawPolicy[];
  readonly rights: readonly InspectedRights[];
}

/** A policy in its database's own words, or a function that one calls. */
export interface RawPolicy {
  readonly name: string;
  readonly kind: string;
  /** `all`, or the operation that it is for; null of a function. */
  readonly command: string | null;
  /** Null: everybody. */
  readonly roles: readonly string[] | null;
  readonly using: string | null;
  readonly check: string | null;
  /** What makes it; null where the login may not read it. */
  readonly sql: string | null;
}

/** What somebody besides the owner may do with a table. */
export interface InspectedRights {
  readonly to: string;
  readonly rights: string;
  /** `granted`, `granted, to grant` or `denied`. */
  readonly state: string;
}

/** An inspection, and the same as statements. */
export interface InspectedPolicies<Model> {
  readonly inspection: Inspection<Model>;
  /** What makes it in a database with the same tables and roles: a script of the engine's. */
  readonly script: string;
}

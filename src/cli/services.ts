import type { Writable } from 'node:stream';
import type { EngineName } from '../config/database-url.ts';
import type { PolicyModel } from '../config/policy-model.ts';
import type { Settings } from '../config.ts';
import type { Help } from '../core/help.ts';
import type { Login } from '../core/principal.ts';
import type { SqlDatabase } from '../core/session.ts';
import type { ShardAddress } from '../core/shard-address.ts';
import type { ContextProtection } from '../core/context-protection.ts';
import type { PolicyCase, PolicyCases } from '../core/policy-case.ts';
import type { CaseFileResult } from '../policy/cases/case-result.ts';
import type { SubjectComparison } from '../policy/compare-subjects.ts';
import type { InspectedPolicies } from '../policy/inspection.ts';
import type { PlannedChange, PolicyFinding, PolicyResult } from '../policy/model.ts';
import type { SigningKey } from '../core/shard-signer.ts';
import type { Override, OverrideInForce } from '../policy/override.ts';
import type { PolicyProof } from '../policy/verify.ts';
import type { KeyType } from '../core/key-type.ts';
import type { AuditTrail } from '../../shardmap/audit-trail.ts';
import type { FleetKeyNames } from '../../shardmap/fleet-key-names.ts';
import type { ShardDescription } from '../../shardmap/local-map.ts';
import type { LatestNumberStore } from '../../shardmap/latest-numbers.ts';
import type { Verdicts } from '../../shardmap/verdicts.ts';
import type { ShardMapManager } from '../../shardmap/manager.ts';
import type { Shard } from '../../shardmap/shard.ts';

/** What commands need of the rest of Tenantry; `main.ts` makes it. */
export interface Services {
  /** The time of day. */
  now(): Date;
  /** A database for the program's own work, with the engine that its address names. */
  openDatabase(address: ShardAddress, login: Login): SqlDatabase;
  /** The schema of tables that are named without one. */
  defaultSchema(engine: EngineName): string;
  /** Makes the configured catalog's database a catalog where it is empty; a dry run answers `missing`. */
  installCatalog(settings: Settings, dryRun: boolean): Promise<'installed' | 'missing' | 'present'>;
  /**
   * The manager of the catalog's maps. Throws CATALOG_UNAVAILABLE, or INVALID_CONFIGURATION where the database is no catalog of this
   * version.
   */
  openAdministration(settings: Settings): Promise<Administration>;
  /** What an administrator has to do, or did, before a database can be a shard. */
  readonly preparation: ShardPreparation;
  readonly policies: ShardPolicies;
  /** What protects the tables of any database, in its own words. Nothing that is there is called, and nothing but the server's catalogs read. */
  inspectDatabase(address: ShardAddress, login: Login): Promise<InspectedPolicies<PolicyModel>>;
  /** Runs cases in a database of its own, made on a server for them and dropped at the end, whatever happens. */
  testOnScratch(settings: Settings, scratch: ScratchPlace, run: CaseRun): Promise<void>;
  /** Looks at everything that the configuration names. Never throws: what fails is a finding. */
  diagnose(settings: Settings): AsyncIterable<Finding>;
  /** Serves HTTP until the signal; resolves when everything is closed. */
  serve(settings: Settings, options: ServeOptions): Promise<void>;
}

/** An open catalog. */
export interface Administration {
  readonly manager: ShardMapManager;
  readonly audit: AuditTrail;
  readonly verdicts: Verdicts;
  readonly latestNumbers: LatestNumberStore;
  readonly keyNames: FleetKeyNames;
  close(): Promise<void>;
}

/** Of which type the keys of a map are. */
export interface MapKeys {
  readonly keyType: KeyType;
}

/** Which keys a shard's tenants have, and what is done there. */
interface PolicyOptions extends MapKeys {
  /** Who it is, for the shard's own record of what was accepted. */
  readonly actor?: string;
  /** Nothing is changed; the result says what would be. */
  readonly dryRun: boolean;
  /** Nothing but this is changed. */
  readonly planned?: PlannedChange | undefined;
  /** Milliseconds for which tables in use are tried again. */
  readonly withinMs?: number;
  /** Aborted: they are not tried again. */
  readonly stop?: AbortSignal;
}

/** Where it is kept which statement on a shard is the latest. */
export type KeepsNumbers = Pick<LatestNumberStore, 'note'>;

/** How a shard was found by `verify`. */
export interface ShardVerification extends PolicyProof {
  /** Why a connection of `app` is not let in; undefined where it is. */
  readonly refused: string | undefined;
}

/** Which cases are run. */
export interface CaseRun {
  readonly files: readonly PolicyCases[];
  readonly isChosen: (tested: PolicyCase) => boolean;
  /** Told of each file when it is done. */
  readonly onFile: (result: CaseFileResult) => void;
}

/** Where a database is made for cases. */
export interface ScratchPlace {
  /** A database of the server, and whoever may make another one there: a superuser. */
  readonly address: ShardAddress;
  readonly login: Login;
  /** Statements that make the tables. */
  readonly schema: string;
}

/** What is signed on a shard, and by what. */
export interface ShardSigning {
  /** The override that is in force there, whoever has signed it. */
  override(): Promise<OverrideInForce | undefined>;
  /** By which fleet key it is signed. */
  signedBy(): Promise<SigningKey>;
  /** Signs by the current fleet key what is signed there by the previous one and could be made; whether what was accepted was. */
  signAgain(): Promise<boolean>;
}

/** What `shard show` tells of a shard besides the catalog. */
export interface ShardProtection {
  readonly contextProtection: ContextProtection | null;
  readonly override: OverrideInForce | undefined;
}

/** The policies of one shard. Each throws CONFLICT or SHARD_UNVERIFIED where the database at its address is not that shard. */
export interface ShardPolicies {
  /** Makes them what the configuration says, or tells what is pending. `tellLatest` comes after it. */
  apply(settings: Settings, shard: Shard, options: PolicyOptions): Promise<PolicyResult>;
  /**
   * How each table and procedure stands to the configuration, and the shard to what was accepted of it. Changes nothing, and keeps no
   * change waiting.
   */
  compare(settings: Settings, shard: Shard, options: MapKeys): Promise<SubjectComparison[]>;
  /** Lets tenants in for a while though what protects them was changed and not accepted; until when, in milliseconds since 1970. `tellLatest` comes after it. */
  override(settings: Settings, shard: Shard, override: Override): Promise<number>;
  /** Throws what a connection of `app` is told that is not let in, opened as the router does. */
  requireAdmitted(settings: Settings, shard: Shard): Promise<void>;
  /** Ends that: first for whoever asks the catalog, then on the shard. Throws CATALOG_UNAVAILABLE with nothing changed. */
  endOverride(settings: Settings, shard: Shard, numbers: KeepsNumbers): Promise<void>;
  /**
   * Has the catalog know what is signed there, so that nothing older is believed. Comes after `apply` and `override`, whatever became of
   * it: run again, it makes up for what was not told.
   */
  tellLatest(settings: Settings, shard: Shard, numbers: KeepsNumbers): Promise<void>;
  /** Compares alone. Throws CONFLICT where something is pending, SHARD_UNVERIFIED where a connection of `app` is not let in. */
  requireServing(settings: Settings, shard: Shard, options: MapKeys): Promise<void>;
  /** Has what protects the shard looked at, and signed again, over one connection. */
  signing<T>(settings: Settings, shard: Shard, work: (signing: ShardSigning) => Promise<T>): Promise<T>;
  /** How it keeps the tenant of a transaction, null where it does not say; and by what tenants are let in now though that is not accepted. */
  protection(settings: Settings, shard: Shard): Promise<ShardProtection>;
  /**
   * The same, and tries what the shard's logins may: all that is not as it must be. Never commits anything there; tells `numbers` what is
   * signed there.
   */
  verify(settings: Settings, shard: Shard, options: MapKeys & { readonly numbers: KeepsNumbers }): Promise<ShardVerification>;
  /**
   * Runs cases on the policies that are there, each statement in a transaction that is rolled back. Throws INVALID_REQUEST, before any is
   * run, for everything that they name and the shard has not.
   */
  test(settings: Settings, shard: Shard, options: CaseRun & MapKeys): Promise<void>;
  /** What there is, as it is, whatever the configuration says. */
  inspect(settings: Settings, shard: Shard): Promise<InspectedPolicies<PolicyModel>>;
}

/** Roles, logins and rights of a shard's server. */
export interface ShardPreparation {
  /**
   * Whether the database was prepared; also false where the admin login is not admitted. Throws SHARD_UNAVAILABLE where there is no answer.
   */
  isPrepared(settings: Settings, address: ShardAddress): Promise<boolean>;
  /** Prepares it, as a superuser of the server, once `requireFit` has found nothing against what the database is. */
  prepare(
    settings: Settings,
    address: ShardAddress,
    superuser: Login,
    requireFit: (found: ShardDescription | undefined) => Promise<void>,
  ): Promise<void>;
  /** The same as SQL to read and to run, with placeholders for passwords. */
  script(settings: Settings, address: ShardAddress): string;
}

/** What `doctor` saw. */
export type Finding = {
  /** `configuration`, `catalog`, `shard a`, `redis`. */
  readonly subject: string;
  /** One sentence. */
  readonly text: string;
} & ({ readonly level: 'ok' } | (Help & Partial<FindingMark> & { readonly level: 'warning' | 'problem' }));

/** What is found of the policies of a shard, in docs/policy-findings.md. */
type FindingMark = Pick<PolicyFinding, 'code' | 'severity'>;

/** How `serve` runs. */
export interface ServeOptions {
  /** Aborted: stop taking requests, finish those that run, end. */
  readonly stop: AbortSignal;
  /** Where log lines go: in batches, but to a terminal each at once. */
  readonly log: Writable & { readonly isTTY?: boolean };
  /** Told once both ports listen. */
  readonly onListening: (addresses: { readonly api: string; readonly ops: string }) => void;
}

import { keyTypes } from '../../src/core/key-type.ts';
import type { Sql } from '../../src/core/sql.ts';
import { dropAll, mssqlTables, setOffline, setOnline } from './grounds/mssql-ground.ts';
import { endSessions, findsNoDeadlocks, longStatement, waitingStatements } from './grounds/words.ts';
import { keyStatements } from './key-statements.ts';
import { createDatabase } from './mssql-shard.ts';
import { catalogByHand, localByHand } from './shard-map-by-hand.ts';
import { enterStatements } from './shard-map-state.ts';

const id = '00000000-0000-4000-8000-00000000000a';
const key = Uint8Array.of(0x80, 0, 0, 1);
const token = new Uint8Array(16);

/** Each statement of suites for a shard's database, with some values. */
export const localExamples: Readonly<Record<keyof typeof localByHand | 'enter', Sql>> = {
  enter: enterStatements.mssql(1, key, 1, token),
  rows: localByHand.rows(),
  tokenOf: localByHand.tokenOf(1),
  add: localByHand.add({ mappingId: 1, low: key, state: 'ONLINE', epoch: 1, token }),
  addMany: localByHand.addMany(10),
  deleteMany: localByHand.deleteMany(),
  deleteAll: localByHand.deleteAll(),
  delete: localByHand.delete(1),
  setState: localByHand.setState(1, 'ONLINE'),
  setLow: localByHand.setLow(1, key),
  setToken: localByHand.setToken(1, token),
  setOffline: localByHand.setOffline(1, 1),
  reopen: localByHand.reopen(),
  raiseEpochs: localByHand.raiseEpochs(1),
  identities: localByHand.identities(),
  fences: localByHand.fences(),
  identify: localByHand.identify(id, 'customers'),
  setIdentity: localByHand.setIdentity(id),
  forgetIdentity: localByHand.forgetIdentity(),
  setSchemaVersion: localByHand.setSchemaVersion(2),
  isInstalled: localByHand.isInstalled(),
  lockAll: localByHand.lockAll(),
  blogsOf: localByHand.blogsOf(1),
  addBlog: localByHand.addBlog(1, 'x'),
  addBlogs: localByHand.addBlogs(10),
  addPosts: localByHand.addPosts(10),
  changeBlogs: localByHand.changeBlogs(1),
  changePosts: localByHand.changePosts(1),
  postsByTenant: localByHand.postsByTenant(),
};

/** Each statement of suites for shards of every key type, with a tenant of one of them. */
export const keyExamples: Readonly<Record<keyof typeof keyStatements, Sql>> = {
  identify: keyStatements.identify(id, 'int'),
  currentTenant: keyStatements.currentTenant(),
  addOwn: keyStatements.addOwn(1),
  addFor: keyStatements.addFor(2, 1),
  own: keyStatements.own(),
  of: keyStatements.of(2),
  blogs: keyStatements.blogs(),
  unprotect: keyStatements.unprotect(),
};

/** Each statement of suites for a catalog's database. */
export const catalogExamples: Readonly<Record<keyof typeof catalogByHand, Sql>> = {
  mappings: catalogByHand.mappings(),
  unfinished: catalogByHand.unfinished(),
  heldShards: catalogByHand.heldShards(),
  version: catalogByHand.version(),
  all: catalogByHand.all('mapping'),
  addRange: catalogByHand.addRange(1, id, key, null),
  addAgain: catalogByHand.addAgain({
    mapping_id: 1,
    map_id: 1,
    kind: 'point',
    low: key,
    high: null,
    shard_id: id,
    state: 'ADDING',
    epoch: 1,
  }),
  deleteAdding: catalogByHand.deleteAdding(),
  deleteShard: catalogByHand.deleteShard('a'),
  free: catalogByHand.free(),
  freeShard: catalogByHand.freeShard('a'),
  hold: catalogByHand.hold(1, id),
  holdRemoving: catalogByHand.holdRemoving(id),
  holdShard: catalogByHand.holdShard('a', id),
  holdOffline: catalogByHand.holdOffline(1, id),
  freeOnline: catalogByHand.freeOnline(1),
  operationsIn: catalogByHand.operationsIn('DONE'),
  unfinishedIds: catalogByHand.unfinishedIds(),
  loggedIds: catalogByHand.loggedIds(),
  generationOf: catalogByHand.generationOf(id),
  addOperation: catalogByHand.addOperation(id, 1, 'another', 'COPYING'),
  deleteOperation: catalogByHand.deleteOperation(id),
  endLease: catalogByHand.endLease(id),
  endLeases: catalogByHand.endLeases(),
  lease: catalogByHand.lease(id),
  makeForeign: catalogByHand.makeForeign(id),
  makeOwnAgain: catalogByHand.makeOwnAgain(id),
  age: catalogByHand.age(31),
  setIncarnation: catalogByHand.setIncarnation('a', 'another'),
  setSchemaVersion: catalogByHand.setSchemaVersion(1),
  nextMappingId: catalogByHand.nextMappingId(),
};

/** What suites say to a server of SQL Server besides. */
export const serverExamples: readonly Sql[] = [
  ...keyTypes.map(mssqlTables),
  setOffline('tenantry_test_a'),
  setOnline('tenantry_test_a'),
  ...dropAll({ database: 'tenantry_test_a' }),
  createDatabase('tenantry_test_a'),
  endSessions('tenantry_test_a_app'),
  waitingStatements,
  findsNoDeadlocks('tenantry_test_a_mover'),
  longStatement,
];

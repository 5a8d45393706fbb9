import type { RpcRequest } from '../request.ts';
import type { ServerMessage } from '../tokens.ts';
import type { ModelSession } from './session.ts';

/** A row of the shard's local map, for one key. */
export interface ModelMapping {
  readonly key: Buffer;
  readonly token: Buffer;
  epoch: bigint;
  state: 'ONLINE' | 'OFFLINE' | 'DRAINING' | 'INCOMING' | 'MOVED';
  movedTo?: { readonly shardId: string; readonly epoch: number };
}

/** Whether tenants are let in, whatever their mapping says. */
export interface ModelGate {
  open: boolean;
}

const states = { OFFLINE: 51_002, DRAINING: 51_003, INCOMING: 51_004 } as const;

/** What tenantry.enter raises; undefined where it lets the session in, whose context it then sets. */
export function enter(
  session: ModelSession,
  { mappings, gate }: { readonly mappings: ReadonlyMap<number, ModelMapping>; readonly gate: ModelGate },
  { parameters }: RpcRequest,
  brings: boolean,
): ServerMessage | undefined {
  const value = (name: string): unknown => parameters.find((parameter) => parameter.name === `@tenantry_${name}`)?.value;
  const [key, token] = [value('key'), value('token')];
  if (!Buffer.isBuffer(key) || !Buffer.isBuffer(token)) return { number: 201, message: 'enter expects a key and a token.' };
  const mapping = mappings.get(Number(value('mapping')));
  if (mapping === undefined) return { number: 51_001, message: 'UNKNOWN_MAPPING' };
  if (mapping.state === 'MOVED') return { number: 51_005, message: `MOVED ${JSON.stringify(mapping.movedTo)}` };
  if (mapping.epoch !== value('epoch')) return { number: 51_006, message: 'STALE_EPOCH' };
  if (!mapping.token.equals(token)) return { number: 51_007, message: 'BAD_TOKEN' };
  if (!mapping.key.equals(key)) return { number: 51_001, message: 'UNKNOWN_MAPPING' };
  if (mapping.state !== 'ONLINE') return { number: states[mapping.state], message: mapping.state };
  if (!gate.open) return { number: 51_018, message: 'SHARD_UNVERIFIED' };
  if (session.tenant !== undefined) return { number: 15_664, message: 'The session context key is read-only.' };
  session.tenant = key;
  const brought = brings ? value('values') : undefined;
  session.contextValues = typeof brought === 'string' ? brought : '{}';
  return undefined;
}

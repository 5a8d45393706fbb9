import type { WireMessage } from './wire-message.ts';
import { statementText } from './wire-message.ts';
import type { WireConnection, WireProxy } from './wire-proxy.ts';

/** When to act on a commit: before the request reaches the server, or once it has answered and nobody was told. */
export type CommitMoment = 'request' | 'answer';

/** Statements outside a transaction that change something by themselves. */
const singleStatement = /^insert into tenantry\.operation_fence|^update tenantry\.operation\s+set lease_until/;

/** Whether a message asks a server to make something durable. */
export function isCommit(message: WireMessage): boolean {
  const text = message.side === 'frontend' ? statementText(message) : undefined;
  return text !== undefined && (text === 'commit' || singleStatement.test(text));
}

/** Whether a message begins a transaction or is a change outside of one: nothing is locked before it. */
export function isBeginning(message: WireMessage): boolean {
  const text = message.side === 'frontend' ? statementText(message) : undefined;
  return text !== undefined && (text.startsWith('begin') || singleStatement.test(text));
}

/** Counts the messages of a kind over several proxies, behind which one program does one thing after another. */
export function countPoints(proxies: readonly WireProxy[], isPoint: (message: WireMessage) => boolean): { readonly points: number } {
  const counter = { points: 0 };
  for (const proxy of proxies) {
    void proxy.once({
      when: 'before',
      match: (message) => {
        if (isPoint(message)) counter.points++;
        return false;
      },
      action: () => undefined,
    });
  }
  return counter;
}

/** Acts once, at a point given by its number from 1; resolves when the action is done. */
export function atPoint(
  proxies: readonly WireProxy[],
  point: { readonly number: number; readonly moment: CommitMoment; readonly is: (message: WireMessage) => boolean },
  action: (connection: WireConnection) => Promise<void> | void,
): Promise<void> {
  let seen = 0;
  let acted = false;
  const matchers = proxies.map((proxy) => {
    let asked = false;
    const match = (message: WireMessage): boolean => {
      if (acted) return false;
      const here = point.is(message) && ++seen === point.number;
      acted = point.moment === 'request' ? here : asked && message.type === 'Z';
      asked ||= here;
      return acted;
    };
    return proxy.once({ when: 'before', match, action });
  });
  return Promise.race(matchers).then(() => undefined);
}

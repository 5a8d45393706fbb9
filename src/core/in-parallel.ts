/**
 * Does the work of each item, at most `limit` of them at once and none far ahead of who takes the results, which come in the items' order.
 * What one throws is thrown in its turn; those under way are waited for, and no more are begun.
 */
export async function* inParallel<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay: Promise<R>[] = [];
  const source = items[Symbol.iterator]();
  const begin = (): void => {
    for (let next; underWay.length < limit && (next = source.next()).done !== true;) {
      const result = work(next.value);
      // It is heard when its turn comes, which may be later than it fails.
      void Promise.allSettled([result]);
      underWay.push(result);
    }
  };
  try {
    begin();
    for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) {
      yield await first;
      begin();
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}

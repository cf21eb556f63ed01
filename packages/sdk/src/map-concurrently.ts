/**
 * Works on items, at most `limit` at a time, and gives each result with its place as soon as it is there.
 * The first failure ends it; items not begun are not begun any more.
 */
export async function* mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): AsyncGenerator<{ readonly index: number; readonly value: R }, void, undefined> {
  const running = new Map<number, Promise<{ readonly index: number; readonly value: R }>>();
  let next = 0;
  try {
    while (next < items.length || running.size > 0) {
      for (; next < items.length && running.size < Math.max(1, limit); next++) {
        const index = next;
        // In range by the loop's condition; an item may itself be undefined.
        const item = items[index] as T;
        running.set(
          index,
          work(item, index).then((value) => ({ index, value })),
        );
      }
      const done = await Promise.race(running.values());
      running.delete(done.index);
      yield done;
    }
  } finally {
    // Left early: nobody awaits the rest, whose failures must not count as unhandled.
    for (const rest of running.values()) rest.catch(() => undefined);
  }
}

/** What `Array.fromAsync` does, which Node 20 doesn't have. */

/** Return what an iteration yields, once it has ended. */
export async function all<T>(found: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of found) items.push(item);
  return items;
}

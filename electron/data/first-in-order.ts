import { deriveSeed } from "../stats/index.js";
import { createBreather } from "./breather.js";

/**
 * The `count` items that come first in the seed's order of their names, which has nothing to do with where they lie. Found
 * without sorting all of them: a large file has a million.
 */
export async function firstInOrder<Item>(items: readonly Item[], nameOf: (item: Item) => string, seed: number, count: number): Promise<readonly Item[]> {
  const breathe = createBreather();
  const keyed: { key: number; name: string; item: Item }[] = [];
  for (const item of items) {
    await breathe();
    const name = nameOf(item);
    keyed.push({ key: deriveSeed(seed, name), name, item });
  }
  // Keys are even over 32 bits: below this bound lie about twice as many as are needed.
  const bound = items.length === 0 ? 0 : ((2 * count + 50) / items.length) * 2 ** 32;
  const likely = keyed.filter(({ key }) => key < bound);
  const pool = likely.length >= count ? likely : keyed;
  return pool.sort((left, right) => left.key - right.key || (left.name < right.name ? -1 : 1)).slice(0, count).map(({ item }) => item);
}

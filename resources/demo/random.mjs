/**
 * Seeded choices for the demo's generators. Its own small generator (mulberry32, a 32-bit counter hash by Tommy Ettinger,
 * public domain) keeps commands.jsonl the same on every machine whatever the app's own generator becomes.
 */
export function createChoices(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  /** Whole number from `low` to `high`, both included. */
  const between = (low, high) => low + Math.floor(uniform() * (high - low + 1));
  const pick = (list) => list[Math.floor(uniform() * list.length)];
  const chance = (probability) => uniform() < probability;
  /** `entries`: [weight, value] pairs. */
  const weighted = (entries) => {
    let left = uniform() * entries.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of entries) {
      left -= weight;
      if (left < 0) return value;
    }
    return entries[entries.length - 1][1];
  };
  const shuffle = (list) => {
    const copy = [...list];
    for (let last = copy.length - 1; last > 0; last -= 1) {
      const other = between(0, last);
      [copy[last], copy[other]] = [copy[other], copy[last]];
    }
    return copy;
  };
  const some = (list, count) => shuffle(list).slice(0, count);
  return { uniform, between, pick, chance, weighted, shuffle, some };
}

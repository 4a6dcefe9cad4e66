/** One continuation to be scored after its context, in tokens. */
export interface Pair {
  readonly id: string;
  readonly context: readonly number[];
  readonly continuation: readonly number[];
}

/**
 * Bounds of one call of the scorer. What pairs have in common is computed once in a call, and a score does not depend on
 * what else is scored with it, so a call may be large; but a call that is stopped has scored nothing, and nothing is told of
 * its progress.
 */
export const mostPairsPerCall = 2_000;
export const mostTokensPerCall = 65_536;

/**
 * Cuts items, each with its pairs, into calls in order. An item is never divided, so that one alone may be above the bounds.
 * Tokens that a context has in common with the one before are computed once and not counted.
 * @returns the number of items of each call
 */
export function itemsOfCalls(items: readonly (readonly Pair[])[], mostPairs = mostPairsPerCall, mostTokens = mostTokensPerCall): number[] {
  const calls: number[] = [];
  let [count, pairs, tokens] = [0, 0, 0];
  let before: readonly number[] = [];
  for (const item of items) {
    const shared = commonPrefix(before, item[0]?.context ?? []);
    const added = tokensOf(item);
    const fits = pairs + item.length <= mostPairs && tokens + added - shared <= mostTokens;
    if (count > 0 && !fits) {
      calls.push(count);
      [count, pairs, tokens] = [0, 0, 0];
    }
    tokens += count === 0 ? added : added - shared;
    pairs += item.length;
    count += 1;
    before = item[0]?.context ?? [];
  }
  return count === 0 ? calls : [...calls, count];
}

/** The pairs of an item have one context. */
function tokensOf(item: readonly Pair[]): number {
  return (item[0]?.context.length ?? 0) + item.reduce((sum, { continuation }) => sum + continuation.length, 0);
}

function commonPrefix(left: readonly number[], right: readonly number[]): number {
  let length = 0;
  while (length < left.length && length < right.length && left[length] === right[length]) length += 1;
  return length;
}

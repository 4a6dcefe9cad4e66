import type { TensorSpectrum, Training } from "../../contract/index.js";

const smallestRank = 2;
/** Changes below this share of the rank are not worth a training. */
const leastChange = 0.2;

/**
 * Ranks of single tensors in proportion to the rank they were measured to use (effective rank of B·A), or null when
 * nothing was measured or next to nothing would change. Within each kind of tensor (attn_q, ffn_up …), whose shapes are
 * the same in every block, the ranks add up to no more than before: the adapter does not grow.
 * @param mostRank the user's limit, or null
 */
export function reallocateRanks(training: Training, spectra: readonly TensorSpectrum[], mostRank: number | null): Record<string, number> | null {
  const largest = Math.min(2 * training.rank, mostRank ?? 256, 256);
  const kinds = new Map<string, TensorSpectrum[]>();
  for (const spectrum of spectra) {
    const kind = /^blk\.\d{1,4}\.([a-z_]{2,32})$/.exec(spectrum.tensor)?.[1];
    if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), spectrum]);
  }
  const ranks: Record<string, number> = {};
  let change = 0;
  let total = 0;
  for (const tensors of kinds.values()) {
    const given = shareOut(tensors.map((each) => Math.max(0, each.effectiveRank)), tensors.reduce((sum, each) => sum + each.rank, 0), largest);
    for (const [index, tensor] of tensors.entries()) {
      const rank = given[index] ?? tensor.rank;
      change += Math.abs(rank - tensor.rank);
      total += tensor.rank;
      if (rank !== training.rank) ranks[tensor.tensor] = rank;
    }
  }
  return total > 0 && change / total >= leastChange ? ranks : null;
}

/** Whole ranks between `smallestRank` and `largest`, in proportion to the weights, adding up to no more than `total` where the bounds allow it. */
function shareOut(weights: readonly number[], total: number, largest: number): number[] {
  const low = Math.min(smallestRank, largest);
  const sum = (scale: number): number => weights.reduce((all, weight) => all + Math.min(largest, Math.max(low, weight * scale)), 0);
  // The bounds make the sum uneven in the scale but never falling: bisection finds the scale that spends what there is.
  let lowest = 0;
  let highest = 1;
  while (sum(highest) < total && highest < 1e6) highest *= 2;
  for (let round = 0; round < 60; round += 1) {
    const middle = (lowest + highest) / 2;
    if (sum(middle) > total) highest = middle;
    else lowest = middle;
  }
  const exact = weights.map((weight) => Math.min(largest, Math.max(low, weight * lowest)));
  const ranks = exact.map(Math.floor);
  // Largest remainders first: what rounding down left over goes where most was cut.
  const order = exact.map((value, index) => ({ index, rest: value - Math.floor(value) })).sort((left, right) => right.rest - left.rest || left.index - right.index);
  let left = total - ranks.reduce((all, rank) => all + rank, 0);
  for (const { index } of order) {
    const rank = ranks[index] ?? low;
    if (left < 1 || rank >= largest) continue;
    ranks[index] = rank + 1;
    left -= 1;
  }
  return ranks;
}

/** One of the items, each as likely. */
export function drawFrom<Item>(items: readonly Item[], random: () => number): Item {
  const drawn = items[Math.floor(random() * items.length)];
  if (drawn === undefined) throw new RangeError("nothing to draw from");
  return drawn;
}

/** Fisher and Yates. */
export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const kept = order[at] as Item;
    order[at] = order[other] as Item;
    order[other] = kept;
  }
  return order;
}

/** Index drawn in proportion to weights of which one at least is above zero. */
export function drawWeighted(weights: readonly number[], random: () => number): number {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.length - 1;
}

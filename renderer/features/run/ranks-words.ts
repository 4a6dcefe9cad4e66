/** Ranks of single tensors in one line: how many, and between which values for each kind of tensor. */
export function ranksWords(ranks: Readonly<Record<string, number>>): string {
  const kinds = new Map<string, number[]>();
  for (const [tensor, rank] of Object.entries(ranks)) {
    const kind = tensor.split(".").slice(2).join(".");
    kinds.set(kind, [...(kinds.get(kind) ?? []), rank]);
  }
  if (kinds.size === 0) return "the same everywhere";
  const count = Object.keys(ranks).length;
  const parts = [...kinds].sort(([a], [b]) => a.localeCompare(b)).map(([kind, values]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return `${kind} ${low === high ? low : `${low} to ${high}`}`;
  });
  return `${count} ${count === 1 ? "tensor" : "tensors"}: ${parts.join(", ")}`;
}

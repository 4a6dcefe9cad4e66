import type { PolicyNode, RungCorrelation } from "./state.js";

const fewestNodes = 4;

/** Spearman's rank correlation of pilot and full scores over the nodes that have both (ties get their mean rank); null below four of them. */
export function rungCorrelation(nodes: readonly PolicyNode[]): RungCorrelation | null {
  const both = nodes.flatMap((node) => (node.status === "done" && node.pilot !== null && node.reward !== null ? [{ pilot: node.pilot.score, full: node.reward }] : []));
  if (both.length < fewestNodes) return null;
  return { spearman: correlation(ranks(both.map((each) => each.pilot)), ranks(both.map((each) => each.full))), n: both.length };
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/** Pearson's; 0 where one side does not vary. */
function correlation(left: readonly number[], right: readonly number[]): number {
  const centred = (values: readonly number[]): number[] => {
    const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - centre);
  };
  const [first, second] = [centred(left), centred(right)];
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  const scale = Math.sqrt(dot(first, first) * dot(second, second));
  return scale > 0 ? dot(first, second) / scale : 0;
}

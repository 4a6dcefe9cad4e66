import type { NodeSummary, Prediction } from "../../contract/index.js";

/** Whether a hypothesis held: its figure against the parent's. Null: the figure was not measured on both. */
export function predictionHeld({ figure, change, by }: Prediction, node: NodeSummary, parent: NodeSummary | null): boolean | null {
  const [after, before] = [figureOf(node, figure), parent === null ? null : figureOf(parent, figure)];
  if (after === null || before === null) return null;
  // Figures are sums of tenths as often as not: 0.62 - 0.58 is a hair below 0.04.
  const slack = 1e-9 * Math.max(1, Math.abs(after), Math.abs(before));
  const moved = after - before;
  switch (change) {
    case "up":
      return moved >= by - slack;
    case "down":
      return -moved >= by - slack;
    case "same":
      return Math.abs(moved) <= by + slack;
  }
}

function figureOf(node: NodeSummary, figure: string): number | null {
  const value = figure === "score" ? node.score : figure === "trainLoss" ? node.trainLoss : figure === "validationLoss" ? node.validationLoss : Object.hasOwn(node.secondary, figure) ? (node.secondary[figure] ?? null) : null;
  return value !== null && Number.isFinite(value) ? value : null;
}

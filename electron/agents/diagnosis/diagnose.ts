import { moves, type DiagnosisContext, type NodeSummary } from "../../contract/index.js";
import { describeShape, lossShape } from "./loss-shape.js";

const mostCharacters = 200;
/** A secondary score must move by this much to be worth a word. */
const notable = 0.03;
/** Names the evaluator gives its figures. An insight is shown to planners, so no other text gets into it this way. */
export const figureName = /^[A-Za-z][A-Za-z0-9]{0,29}$/;

/**
 * What a node taught, in one line of at most 200 characters, from numbers only: the change against its parent beside
 * the noise, the end of the loss curve, and the secondary score that moved most. The words come in order of weight;
 * what does not fit is left out whole.
 */
export function diagnoseFromNumbers(context: DiagnosisContext): string {
  const parts = [outcome(context), describeShape(lossShape(context.loss)), secondaryChange(context.node, context.parent)];
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? part : part === "" ? line : `${line}; ${part}`;
    if (longer.length + 1 <= mostCharacters) line = longer;
  }
  return line === "" ? "Nothing was measured." : `${line}.`;
}

function outcome({ node, gain, noiseFloor }: DiagnosisContext): string {
  const what = node.move === null ? "The base model" : moves[node.move].title;
  if (node.status === "failed") return `${what}: failed before it could be scored`;
  if (node.status === "pruned") return `${what}: stopped early, behind the best`;
  if (gain === null) return node.score === null ? "" : `${what}: scored ${node.score.toFixed(3)}`;
  const change = `${gain >= 0 ? "+" : "−"}${Math.abs(gain).toFixed(3)}`;
  const size = Math.abs(gain) < 2 * noiseFloor ? `within noise of ${noiseFloor.toFixed(3)}` : gain > 0 ? "a real step up" : "a real step down";
  return `${what}: ${change} to its parent, ${size}`;
}

function secondaryChange(node: NodeSummary, parent: NodeSummary | null): string {
  if (parent === null) return "";
  let most: { name: string; change: number } | null = null;
  for (const [name, value] of Object.entries(node.secondary)) {
    const before = parent.secondary[name];
    // Perplexities and the like live on other scales than rates.
    if (before === undefined || Math.max(Math.abs(before), Math.abs(value)) > 1 || !figureName.test(name)) continue;
    const change = value - before;
    if (Math.abs(change) >= notable && Math.abs(change) > Math.abs(most?.change ?? 0)) most = { name, change };
  }
  return most === null ? "" : `${most.name} ${most.change > 0 ? "up" : "down"} ${Math.abs(most.change).toFixed(2)}`;
}

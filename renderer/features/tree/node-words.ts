import type { TreeNode } from "../../contract.js";
import type { NodeProgress } from "../../store/state.js";
import { formatGain, formatInterval, formatScore, formatSeconds } from "../../ui/format.js";
import { nodeState, scoreOf } from "./node-state.js";
import type { TreeContext } from "./tree-context.js";
import { axisWords, deciderWords } from "./words.js";

/** 0..1 within the present stage; null when the host does not know. */
export function progressShare(node: Pick<TreeNode, "progress">, progress: NodeProgress | undefined): number | null {
  const share = progress !== undefined && progress.total > 0 ? progress.done / progress.total : node.progress;
  return share === null ? null : Math.min(1, Math.max(0, share));
}

/** The whole card as one sentence, for those who hear the tree. */
export function describeNode(node: TreeNode, context: Pick<TreeContext, "unit" | "bestId">): string {
  const scored = scoreOf(node);
  const parts = [
    nodeState(node).label.toLowerCase(),
    scored === null ? "no score" : `${scored.pilotOnly ? "trial score" : "score"} ${formatScore(scored.estimate.score, context.unit)}, between ${formatInterval(scored.estimate.ci, context.unit)}`,
    node.gain === null || node.kind === "baseline" ? null : `${formatGain(node.gain.score, context.unit)} against the prompted base`,
    axisWords[node.axis].label.toLowerCase(),
    `decided by ${deciderWords[node.decidedBy].label.toLowerCase()}`,
    node.cost.totalSeconds > 0 ? `took ${formatSeconds(node.cost.totalSeconds)}` : null,
    node.id === context.bestId ? "best so far" : null,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

import { bestNode, isFinished, type SearchNode } from "./search-node.js";

export interface StopDecision {
  readonly stop: boolean;
  readonly reason: string;
}

/**
 * Ends the search when the money is gone, when the best possible score is reached, or when the last `patience` experiments
 * together moved the best score by less than one standard error (reliability.md 5). That realised gain stands for the
 * expected one: the next as many nodes are taken to bring what the last ones brought.
 */
export function shouldStop(request: {
  /** Oldest first. */
  readonly nodes: readonly SearchNode[];
  /** Of one node's score, in the unit of `reward`. */
  readonly standardError: number;
  readonly patience: number;
  /** Experiments that run in any case while the budget lasts. */
  readonly minimumNodes: number;
  readonly canAffordNode: boolean;
  /** The best reward there can be, or null. */
  readonly highestReward: number | null;
}): StopDecision {
  const go = (reason: string): StopDecision => ({ stop: false, reason });
  if (!request.canAffordNode) return { stop: true, reason: "The budget does not pay for another node." };
  const experiments = request.nodes.filter((node) => isFinished(node) && node.kind !== "baseline" && node.kind !== "seed-repeat");
  if (experiments.length < Math.max(1, request.minimumNodes)) return go(`${experiments.length} of at least ${request.minimumNodes} experiments are done.`);
  const best = bestNode(request.nodes)?.reward ?? null;
  if (best !== null && request.highestReward !== null && best >= request.highestReward) return { stop: true, reason: "The best possible score is reached." };
  if (experiments.length <= request.patience) return go("Too few experiments to tell a plateau.");
  const recent = new Set(experiments.slice(-request.patience).map((node) => node.id));
  const before = bestNode(request.nodes.filter((node) => !recent.has(node.id)))?.reward ?? null;
  if (best === null || before === null) return go("Too few scores to tell a plateau.");
  const gain = best - before;
  if (gain < request.standardError) {
    return { stop: true, reason: `The last ${request.patience} experiments moved the best score by ${gain.toFixed(3)}, less than one standard error (${request.standardError.toFixed(3)}).` };
  }
  return go(`The last ${request.patience} experiments moved the best score by ${gain.toFixed(3)}.`);
}

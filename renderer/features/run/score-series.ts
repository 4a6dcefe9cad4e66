import type { Estimate, RunView } from "../../contract.js";
import { nodeState, scoreOf } from "../tree/node-state.js";
import type { Tone } from "../../ui/tone.js";

export interface ScorePoint {
  readonly nodeId: string;
  /** 1-based place in the order in which experiments were made. */
  readonly order: number;
  readonly title: string;
  readonly estimate: Estimate;
  readonly pilotOnly: boolean;
  readonly tone: Tone;
  /** Highest full score up to and including this one; null before there is any. Short trials do not count. */
  readonly bestSoFar: number | null;
}

/** Scored nodes in the order they were made, with the best so far beside each. */
export function scoreSeries(view: Pick<RunView, "nodes">): readonly ScorePoint[] {
  let best: number | null = null;
  return view.nodes.flatMap((node, index): readonly ScorePoint[] => {
    const scored = scoreOf(node);
    if (scored === null) return [];
    if (!scored.pilotOnly) best = best === null ? scored.estimate.score : Math.max(best, scored.estimate.score);
    return [{ nodeId: node.id, order: index + 1, title: node.plan.title, estimate: scored.estimate, pilotOnly: scored.pilotOnly, tone: nodeState(node).tone, bestSoFar: best }];
  });
}

import type { BenchPlanner } from "../bench-planner.js";
import { bestOf, debug, fullOnes } from "./change-recipe.js";
import { drawFrom } from "../draw.js";
import { createMover } from "./mover.js";
import type { Observation, Policy } from "../policy.js";

/** AIDE's constants (WecoAI/aideml; trex.md 5): drafts before anything is improved, chance to debug, and how deep. */
const drafts = 5;
const debugChance = 0.5;
const deepestDebug = 3;

/** Best-first as AIDE and FT-Agent do it: five drafts, then with even odds mend a failed leaf, else change the best by one move. */
export function createGreedy(planner: BenchPlanner | null = null): Policy {
  const mover = createMover(planner);
  return {
    name: "greedy",
    tell: () => undefined,
    async ask(view) {
      const nodes = fullOnes(view.observations);
      const experiments = nodes.filter((each) => each.kind !== "baseline");
      if (experiments.filter((each) => each.parent === "n0" && each.move === null).length < drafts) return mover.draft(view);
      const leaves = experiments.filter((each) => each.status === "failed" && debugDepth(each, experiments) < deepestDebug && !experiments.some((other) => other.parent === each.id));
      if (leaves.length > 0 && view.random() < debugChance) {
        const mended = debug(drawFrom(leaves, view.random));
        if (mended !== null) return mended;
      }
      const best = bestOf(nodes);
      return (best === null ? null : await mover.improve(view, best)) ?? mover.draft(view);
    },
  };
}

/** Failed ancestors in a row. */
function debugDepth(node: Observation, nodes: readonly Observation[]): number {
  let depth = 0;
  for (let at = parentOf(nodes, node); at?.status === "failed"; at = parentOf(nodes, at)) depth += 1;
  return depth;
}

const parentOf = (nodes: readonly Observation[], node: Observation): Observation | undefined => nodes.find((each) => each.id === node.parent);

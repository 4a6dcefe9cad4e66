import type { BenchPlanner } from "../bench-planner.js";
import { debug, fullOnes } from "./change-recipe.js";
import { createMover } from "./mover.js";
import type { Policy } from "../policy.js";

/** Each experiment from the last one, whatever came of it: an agent that goes on from where it is. Failures are mended first. */
export function createSequential(planner: BenchPlanner | null = null): Policy {
  const mover = createMover(planner);
  return {
    name: "sequential",
    tell: () => undefined,
    async ask(view) {
      const nodes = fullOnes(view.observations);
      const last = nodes.at(-1);
      if (last === undefined) return mover.draft(view);
      if (last.status === "done") return (await mover.improve(view, last)) ?? mover.draft(view);
      const lastGood = nodes.findLast((each) => each.status === "done" && each.kind !== "baseline");
      return debug(last) ?? (lastGood === undefined ? null : await mover.improve(view, lastGood)) ?? mover.draft(view);
    },
  };
}

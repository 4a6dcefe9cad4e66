import type { BenchPlanner } from "../bench-planner.js";
import { debug, fullOnes } from "./change-recipe.js";
import { createMover, type Mover } from "./mover.js";
import type { Ask, Observation, Policy, SearchView } from "../policy.js";

/** AIRA-dojo's constants (arXiv 2507.02554; trex.md 5), which stand in for TREX's own: the paper names none. */
const exploration = 0.25;
const childrenAtOnce = 5;
const mostDebugs = 20;
const unvisited = -1e8;

/**
 * TREX's outer loop as plain Monte Carlo tree search: from the root by norm(Q/N) + c sqrt(ln N_parent / N) down to a node
 * without children, which gets five: drafts under the root, changes elsewhere. A failed child is debugged until it runs,
 * each try an experiment of its own; what never runs backs nothing up and keeps the value of the unvisited.
 */
export function createPlainMcts(planner: BenchPlanner | null = null): Policy {
  const mover = createMover(planner);
  let expanding: { readonly node: string; left: number } | null = null;
  let debugged = 0;
  return {
    name: "plain MCTS",
    tell: () => undefined,
    async ask(view) {
      const nodes = fullOnes(view.observations).filter((each) => each.kind !== "baseline" || each.id === "n0");
      const last = nodes.at(-1);
      if (last?.status === "failed" && debugged < mostDebugs) {
        const mended = debug(last);
        debugged += 1;
        if (mended !== null) return mended;
      }
      debugged = 0;
      expanding ??= { node: "n0", left: childrenAtOnce - 1 };
      for (let attempt = 0; attempt < 50; attempt += 1) {
        if (expanding.left <= 0) expanding = { node: descend(nodes), left: childrenAtOnce };
        expanding.left -= 1;
        const ask = await childOf(mover, view, nodes, expanding.node);
        if (ask !== null) return ask;
        expanding.left = 0;
      }
      return mover.draft(view);
    },
  };
}

async function childOf(mover: Mover, view: SearchView, nodes: readonly Observation[], id: string): Promise<Ask | null> {
  if (id === "n0") return mover.draft(view);
  const parent = nodes.find((each) => each.id === id);
  return parent === undefined ? null : await mover.improve(view, parent);
}

/** A mended child stands in its failed ancestor's place. */
function parentIn(nodes: readonly Observation[], node: Observation): string | null {
  let at: Observation | undefined = node;
  do at = nodes.find((each) => each.id === at?.parent);
  while (at?.status === "failed");
  return at?.id ?? (node.id === "n0" ? null : "n0");
}

function descend(nodes: readonly Observation[]): string {
  const visits = new Map<string, number>();
  const totals = new Map<string, number>();
  const children = new Map<string, string[]>();
  const parents = new Map(nodes.map((node) => [node.id, parentIn(nodes, node)]));
  for (const node of nodes) {
    const parent = parents.get(node.id);
    if (parent !== null && parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), node.id]);
    if (node.score === null) continue;
    for (let at: string | null = node.id; at !== null; at = parents.get(at) ?? null) {
      visits.set(at, (visits.get(at) ?? 0) + 1);
      totals.set(at, (totals.get(at) ?? 0) + node.score);
    }
  }
  const scores = nodes.flatMap((node) => (node.score === null ? [] : [node.score]));
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const value = (id: string, parent: string): number => {
    const count = visits.get(id) ?? 0;
    if (count === 0) return unvisited;
    const mean = (totals.get(id) ?? 0) / count;
    return (high > low ? (mean - low) / (high - low) : 0.5) + exploration * Math.sqrt(Math.log(Math.max(1, visits.get(parent) ?? 1)) / count);
  };
  let at = "n0";
  for (;;) {
    const below = children.get(at) ?? [];
    const [first, ...others] = below;
    if (first === undefined) return at;
    const here = at;
    at = others.reduce((best, id) => (value(id, here) > value(best, here) ? id : best), first);
  }
}

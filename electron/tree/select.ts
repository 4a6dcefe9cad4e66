import { median } from "../stats/index.js";
import { allowedChildren, broughtGain, countExperiments, isDeadEnd, isExperiment, isFinished, nodeStatistics, type NodeStatistics, type SearchNode, type SearchOptions } from "./search-node.js";

export interface Selection {
  readonly nodeId: string;
  /** One plain sentence for the screen. */
  readonly reason: string;
  /** Every branch was at a dead end, and the best node with moves left was opened again. */
  readonly reopened: boolean;
}

/**
 * The node to grow next, or null when no node has a move left. UCT with progressive widening: from the root, a node that
 * may take another child is chosen, else the child of highest norm(Q/N) + c * sqrt(ln N_parent / N), with norm the global
 * min-max of the rewards (AIRA-dojo, arXiv 2507.02554; trex.md 5 and 12). Dead ends are passed over; when only dead ends
 * are left, the best of them is opened again rather than the search given up.
 */
export function selectParent(nodes: readonly SearchNode[], options: SearchOptions, random: () => number): Selection | null {
  const statistics = nodeStatistics(nodes);
  const expandable = nodes.filter((node) => node.status === "done" && node.reward !== null && node.openMoves > 0);
  if (expandable.length === 0) return null;
  const open = new Set(expandable.filter((node) => !isDeadEnd(node, nodes, options)).map((node) => node.id));
  if (open.size === 0) {
    const best = highest(expandable, (node) => node.reward ?? Number.NEGATIVE_INFINITY, random);
    return { nodeId: best.id, reason: `Every branch is at a dead end; ${best.id} is the best with moves left and is opened again.`, reopened: true };
  }

  const reachable = new Set<string>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const id of open) {
    for (let at = byId.get(id); at !== undefined && !reachable.has(at.id); at = at.parent === null ? undefined : byId.get(at.parent)) reachable.add(at.id);
  }
  const uct = uctOf(nodes, statistics, options);
  let level = nodes.filter((node) => node.parent === null || !byId.has(node.parent));
  let parentVisits = level.reduce((sum, node) => sum + visitsOf(statistics, node), 0);
  for (;;) {
    const choices = level.filter((node) => reachable.has(node.id));
    const node = highest(choices, (each) => uct(each, parentVisits), random);
    const entry = statistics.get(node.id);
    const children = entry?.children ?? [];
    const below = children.filter((child) => reachable.has(child.id));
    const visits = visitsOf(statistics, node);
    const grown = countExperiments(children);
    const limit = allowedChildren(visits, options);
    if (open.has(node.id) && (grown < limit || below.length === 0)) {
      const why = grown < limit ? `it has ${grown} of the ${limit} children its ${visits} visits allow` : "its branch has no other open node";
      return { nodeId: node.id, reason: `${node.id} leads by UCT ${uct(node, parentVisits).toFixed(2)} and ${why}.`, reopened: false };
    }
    level = below;
    parentVisits = visits;
  }
}

/**
 * Did the search turn back? True when the node that ended last brought no gain and the new parent is neither that node nor
 * below it. `nodes` is the history before the new node, oldest first.
 */
export function isBacktrack(nodes: readonly SearchNode[], parentId: string, minimumGain = 0): boolean {
  const last = nodes.filter((node) => isFinished(node) && node.kind !== "baseline" && node.kind !== "seed-repeat").at(-1);
  if (last === undefined || broughtGain(last, nodes, minimumGain)) return false;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (let at = byId.get(parentId); at !== undefined; at = at.parent === null ? undefined : byId.get(at.parent)) {
    if (at.id === last.id) return false;
  }
  return true;
}

const visitsOf = (statistics: ReadonlyMap<string, NodeStatistics>, node: SearchNode): number => Math.max(1, statistics.get(node.id)?.visits ?? 1);

/**
 * UCT with the mean reward scaled to 0..1. The scale runs from the median experiment to the best one: between global ends,
 * as AIRA-dojo has it, the untrained base stretches the scale so far that all trained nodes look alike and the
 * exploration term alone decides (measured with the simulator of this folder).
 */
function uctOf(nodes: readonly SearchNode[], statistics: ReadonlyMap<string, NodeStatistics>, options: SearchOptions): (node: SearchNode, parentVisits: number) => number {
  const rewards = nodes.flatMap((node) => (node.reward === null || !isExperiment(node) ? [] : [node.reward]));
  const lowest = rewards.length === 0 ? 0 : median(rewards);
  const range = rewards.length === 0 ? 0 : Math.max(...rewards) - lowest;
  return (node, parentVisits) => {
    const visits = visitsOf(statistics, node);
    const average = (statistics.get(node.id)?.total ?? 0) / visits;
    const value = range > 0 ? Math.min(1, Math.max(0, (average - lowest) / range)) : 0.5;
    return value + options.exploration * Math.sqrt(Math.log(Math.max(1, parentVisits)) / visits);
  };
}

/** The highest by value; ties are drawn, so that the order of the list carries no preference. The list is not empty. */
function highest(nodes: readonly SearchNode[], value: (node: SearchNode) => number, random: () => number): SearchNode {
  const top = Math.max(...nodes.map(value));
  const tied = nodes.filter((node) => value(node) === top);
  const drawn = tied[Math.floor(random() * tied.length)];
  if (drawn === undefined) throw new Error("no node to choose from");
  return drawn;
}

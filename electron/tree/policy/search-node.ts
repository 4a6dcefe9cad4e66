import type { Axis, NodeKind, NodeStatus, Verdict } from "../../contract/index.js";

/** A node as the search policy sees it. Pass them oldest first: order is part of the history. */
export interface SearchNode {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: NodeKind;
  readonly axis: Axis;
  readonly status: NodeStatus;
  readonly verdict: Verdict | null;
  /** Score on dev-search in any unit in which higher is better; null while or when there is none. */
  readonly reward: number | null;
  /** Moves still on this node's menu; 0 closes it for expansion (use it for the baselines that lost). */
  readonly openMoves: number;
}

export interface SearchOptions {
  /** Weight of exploration in UCT, for rewards scaled to 0..1. 0.25: AIRA-dojo's value (arXiv 2507.02554). */
  readonly exploration: number;
  /** Progressive widening: a node may have ceil(k * sqrt(N)) children (Coulom 2007; trex.md 12). 0.5 gained more than 1 in simulation. */
  readonly wideningFactor: number;
  /** So many children in a row without a gain close a node (ARTS: stagnation after 3; 2 suits small budgets). */
  readonly deadEndChildren: number;
  /** A child must beat its parent's reward by more than this to count as a gain; use the noise floor. */
  readonly minimumGain: number;
}
export const defaultSearchOptions: SearchOptions = { exploration: 0.25, wideningFactor: 0.5, deadEndChildren: 2, minimumGain: 0 };

export interface NodeStatistics {
  /** N: this node's own visit and all below it, failed and pruned ones included. */
  readonly visits: number;
  /** Q: the sum of their values, in the unit of `reward`. */
  readonly total: number;
  readonly children: readonly SearchNode[];
}

/** Kinds that are experiments of the search; baselines and seed repeats are the host's measurements. */
export const isExperiment = (node: SearchNode): boolean => node.kind !== "baseline" && node.kind !== "seed-repeat";

/** A node that has run to its end, whatever the end. Cancelled ones say nothing about their idea. */
export const isFinished = (node: SearchNode): boolean => node.status === "done" || node.status === "pruned" || node.status === "failed";

/**
 * Visits and values of every node, backed up to the root. A failed child counts as a visit (AIRA-dojo forgets it, and
 * its descent then enters the same broken branch again and again, trex.md 5). Its value: the parent's mean when only the
 * implementation failed, the worst reward seen when the idea was wrong (trex.md 12). A running node counts like an
 * implementation failure until it ends.
 * @param transpositions by node id: nodes elsewhere in the tree that one move from here would have led to, as well. They
 * count as children here, too, and their own value as a visit (not backed up further: their branch does that already)
 */
export function nodeStatistics(nodes: readonly SearchNode[], transpositions: ReadonlyMap<string, readonly string[]> = new Map()): ReadonlyMap<string, NodeStatistics> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const counted = nodes.filter((node) => node.status !== "cancelled" && node.kind !== "seed-repeat");
  const rewards = counted.flatMap((node) => (node.reward === null ? [] : [node.reward]));
  const worst = rewards.length === 0 ? 0 : Math.min(...rewards);
  const own = new Map(nodes.map((node) => [node.id, { visits: 0, total: 0, children: [] as SearchNode[] }]));
  for (const node of counted) {
    if (node.parent !== null) own.get(node.parent)?.children.push(node);
    const above = node.parent === null ? undefined : own.get(node.parent);
    const parentMean = above === undefined || above.visits === 0 ? worst : above.total / above.visits;
    const value = valueOf(node, parentMean, worst);
    for (let at: SearchNode | undefined = node; at !== undefined; at = at.parent === null ? undefined : byId.get(at.parent)) {
      const entry = own.get(at.id);
      if (entry === undefined) break;
      entry.visits += 1;
      entry.total += value;
    }
  }
  for (const [id, others] of transpositions) {
    const entry = own.get(id);
    for (const other of others) {
      const node = byId.get(other);
      if (entry === undefined || node === undefined || node.status === "cancelled") continue;
      entry.children.push(node);
      entry.visits += 1;
      entry.total += valueOf(node, entry.total / entry.visits, worst);
    }
  }
  return own;
}

function valueOf(node: SearchNode, parentMean: number, worst: number): number {
  if (node.reward !== null) return node.reward;
  return node.verdict === "idea-wrong" || node.verdict === "worse" || node.status === "pruned" ? worst : parentMean;
}

/** Did this node beat its parent by more than the noise? A node without a parent, or whose parent has no score, did when it has one. */
export function broughtGain(node: SearchNode, nodes: readonly SearchNode[], minimumGain: number): boolean {
  if (node.status !== "done" || node.reward === null) return false;
  const parent = nodes.find((each) => each.id === node.parent);
  return parent?.reward === undefined || parent.reward === null || node.reward > parent.reward + minimumGain;
}

/**
 * A dead end is left: the node failed, was stopped or is clearly worse than its parent, or its last few children brought
 * no gain over it (plateau and diversity threads of autoresearch, trex.md 5; ARTS, trex.md 9).
 */
export function isDeadEnd(node: SearchNode, nodes: readonly SearchNode[], options: SearchOptions): boolean {
  if (node.status === "failed" || node.status === "pruned") return true;
  const parent = nodes.find((each) => each.id === node.parent);
  if (isExperiment(node) && node.reward !== null && parent?.reward !== undefined && parent.reward !== null) {
    if (node.reward < parent.reward - options.minimumGain) return true;
  }
  const children = nodes.filter((each) => each.parent === node.id && isExperiment(each) && isFinished(each));
  const latest = children.slice(-options.deadEndChildren);
  return latest.length >= options.deadEndChildren && !latest.some((child) => broughtGain(child, nodes, options.minimumGain));
}

/** How many experiments may hang below a node at this number of visits. */
export const allowedChildren = (visits: number, options: SearchOptions): number => Math.ceil(options.wideningFactor * Math.sqrt(Math.max(1, visits)));

export const countExperiments = (children: readonly SearchNode[]): number => children.filter(isExperiment).length;

/** Highest reward of the finished nodes, the older one on a tie; null while nothing has a score. */
export function bestNode(nodes: readonly SearchNode[]): SearchNode | null {
  return nodes.reduce<SearchNode | null>((best, node) => {
    if (node.status !== "done" || node.reward === null || node.kind === "seed-repeat") return best;
    return best?.reward === undefined || best.reward === null || node.reward > best.reward ? node : best;
  }, null);
}

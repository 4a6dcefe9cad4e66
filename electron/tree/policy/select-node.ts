import type { Decision } from "../../contract/index.js";
import type { SearchModel } from "./search-model.js";
import { allowedChildren, countExperiments, defaultSearchOptions, isDeadEnd, nodeStatistics, type SearchNode, type SearchOptions } from "./search-node.js";
import { transpositionsOf } from "./transpositions.js";
import type { PolicyNode, PolicyState } from "./state.js";

export interface NodeSelection {
  readonly node: PolicyNode;
  /** One plain sentence. */
  readonly reason: string;
  readonly considered: Decision["selection"]["considered"];
  readonly reopened: boolean;
}

const mostConsidered = 12;
/** Weight of the prospects beside UCT's own two terms. */
const prospectWeight = 12;

/**
 * The node to grow next, or null when no node has a move left. UCT on shrunk scores: mean of the branch, scaled by the
 * spread of the run, plus an exploration term that shrinks as the budget is spent (explore early, refine late), plus what
 * the model expects of the node's best move; that last term is the prior of AlphaZero's PUCT with a surrogate in the
 * network's place. Progressive widening, dead ends and what the user cut off hold nodes back; pinned nodes come first.
 * @param most nodes of highest UCT whose prospects are looked at, which costs time
 * @param look what the best move from a node is expected to bring for its cost, or null when no move is left
 */
export function selectNode(state: PolicyState, model: SearchModel, most: number, look: (node: PolicyNode) => number | null, random: () => number): NodeSelection | null {
  const nodes = shrunkNodes(state, model);
  const options: SearchOptions = { ...defaultSearchOptions, exploration: 0.3 * (1 - model.spentShare) + 0.05, minimumGain: 0 };
  const statistics = nodeStatistics(nodes, transpositionsOf(state));
  const cut = cutOffBelow(state.nodes);
  const growable = state.nodes.filter((node) => node.status === "done" && node.reward !== null && node.kind !== "seed-repeat" && !cut.has(node.id));
  if (growable.length === 0) return null;

  const rewards = nodes.flatMap((node) => (node.reward === null ? [] : [node.reward])).sort((left, right) => left - right);
  const highest = rewards.at(-1) ?? 1;
  const middle = rewards[Math.floor(rewards.length / 2)] ?? 0;
  const range = Math.max(highest - middle, state.noise / 2, 1e-9);
  const total = Math.max(1, nodes.length);
  const uct = new Map(growable.map((node) => {
    const entry = statistics.get(node.id);
    const visits = Math.max(1, entry?.visits ?? 1);
    const own = model.shrunkScore(node.id) ?? node.reward ?? 0;
    // A branch's mean alone would let a node's failed children speak for it; its own score alone would forget them.
    const branch = (own + (entry === undefined ? own : entry.total / visits)) / 2;
    const value = Math.max(-1, Math.min(1, (branch - middle) / range));
    return [node.id, { value: value + options.exploration * Math.sqrt(Math.log(total) / visits), mean: branch, visits, grown: countExperiments(entry?.children ?? []) }];
  }));
  const of = (node: PolicyNode): { value: number; mean: number; visits: number; grown: number } => uct.get(node.id) ?? { value: 0, mean: 0, visits: 1, grown: 0 };
  const shown = (chosen: PolicyNode, ranked: readonly PolicyNode[]): NodeSelection["considered"] =>
    [chosen, ...ranked.filter((node) => node !== chosen)].slice(0, mostConsidered).map((node) => ({ nodeId: node.id, value: of(node).value, mean: of(node).mean, visits: of(node).visits }));

  const ranked = [...growable].sort((left, right) => of(right).value - of(left).value || (random() < 0.5 ? -1 : 1));
  const pinned = ranked.filter((node) => node.pinned);
  for (const node of pinned) if (look(node) !== null) return { node, reason: `${node.id} is pinned and has moves left.`, considered: shown(node, ranked), reopened: false };

  const free = ranked.filter((node) => !isDeadEnd(shrunk(nodes, node), nodes, options) && of(node).grown < allowedChildren(of(node).visits, options) + 1);
  const first = pick(free, most, look, of);
  if (first !== null) return { node: first, reason: reasonFor(first, of(first), model), considered: shown(first, ranked), reopened: false };
  const second = pick(ranked.filter((node) => !free.includes(node)), growable.length, look, of);
  if (second === null) return null;
  return { node: second, reason: `Every branch is at a dead end; ${second.id} is the best with moves left and is opened again.`, considered: shown(second, ranked), reopened: true };
}

/** Of the leading nodes the one of highest UCT with its prospect; more are looked at only while none of them has a move left. */
function pick(ranked: readonly PolicyNode[], most: number, look: (node: PolicyNode) => number | null, of: (node: PolicyNode) => { value: number }): PolicyNode | null {
  for (let at = 0; at < ranked.length; at += most) {
    const looked = ranked.slice(at, at + most).flatMap((node) => {
      const prospect = look(node);
      return prospect === null ? [] : [{ node, prospect }];
    });
    const top = Math.max(1e-12, ...looked.map(({ prospect }) => prospect));
    const best = looked.reduce<{ node: PolicyNode; value: number } | null>((leader, { node, prospect }) => {
      const value = of(node).value + (prospectWeight * prospect) / top;
      return leader === null || value > leader.value ? { node, value } : leader;
    }, null);
    if (best !== null) return best.node;
  }
  return null;
}

function reasonFor(node: PolicyNode, { value, visits, grown }: { value: number; visits: number; grown: number }, model: SearchModel): string {
  const shrunken = model.shrunkScore(node.id);
  const raw = node.reward;
  const score = shrunken === null || raw === null ? "" : `; its score of ${raw.toFixed(3)} counts as ${shrunken.toFixed(3)} beside the others`;
  const phase = model.spentShare < 0.5 ? "exploring" : "refining";
  return `${node.id} leads by UCT ${value.toFixed(2)} (${visits} visits, ${grown} children) with its best move's prospects, ${phase} with ${Math.round(100 * model.spentShare)} % of the budget spent${score}.`;
}

/** Nodes with their posterior means in place of raw scores. */
export function shrunkNodes(state: PolicyState, model: SearchModel): SearchNode[] {
  return state.nodes.map((node) => ({ ...node, reward: model.shrunkScore(node.id) ?? (node.status === "pruned" ? null : node.reward) }));
}
const shrunk = (nodes: readonly SearchNode[], node: SearchNode): SearchNode => nodes.find((each) => each.id === node.id) ?? node;

/** Ids of nodes the user cut off, and of all below them. */
function cutOffBelow(nodes: readonly PolicyNode[]): ReadonlySet<string> {
  const cut = new Set<string>();
  for (const node of nodes) if (node.cutOff || (node.parent !== null && cut.has(node.parent))) cut.add(node.id);
  return cut;
}

import { moves, type Axis, type DiagnosisContext, type NodeSummary, type PlannerContext } from "../../contract/index.js";
import { rungCorrelation, type PolicyState, type Preparation } from "../policy/index.js";
import type { Observation, SearchView } from "./policy.js";

/** Bounds of session/context.ts, so that a planner sees as much of a simulated run as of a real one. */
const longestPath = 6;
const mostSiblings = 6;
const mostKeyNodes = 4;
const mostInsights = 5;
const mostMemoryRows = 8;

/** What a planner may know of a simulated run. `insights` by node id, oldest first. */
export function plannerContext(view: SearchView, state: PolicyState, preparation: Preparation, insights: ReadonlyMap<string, string>): PlannerContext {
  const { facts } = view;
  const byId = new Map(view.observations.map((each) => [each.id, each]));
  const summary = (id: string): NodeSummary[] => {
    const summarised = summarize(state, byId, id, insights);
    return summarised === null ? [] : [summarised];
  };
  const parent = summarize(state, byId, preparation.parent.id, insights);
  if (parent === null) throw new Error(`${preparation.parent.id} is not a node of this run`);
  const path: NodeSummary[] = [];
  const nodes = new Map(state.nodes.map((node) => [node.id, node]));
  for (let at = nodes.get(parent.id); at !== undefined; at = at.parent === null ? undefined : nodes.get(at.parent)) path.unshift(...summary(at.id));
  const siblings = state.nodes.filter((node) => node.parent === parent.id && node.kind !== "baseline").slice(-mostSiblings).flatMap((node) => summary(node.id));
  const shown = new Set([...path, ...siblings].map((node) => node.id));
  const ranked = state.nodes.filter((node) => node.reward !== null && !shown.has(node.id)).sort((left, right) => (right.reward ?? 0) - (left.reward ?? 0));
  const failed = state.nodes.filter((node) => node.status === "failed" && !shown.has(node.id)).slice(-1);
  const axisCounts: Partial<Record<Axis, number>> = {};
  for (const node of state.nodes) if (node.move !== null) axisCounts[node.axis] = (axisCounts[node.axis] ?? 0) + 1;
  const sizes = new Map<string, PlannerContext["memoryTable"][number]>();
  for (const { recipe, failure } of state.nodes) {
    if (recipe.training === null) continue;
    const { rank, tokensPerStep } = recipe.training;
    sizes.set(`${rank} ${tokensPerStep}`, { rank, tokensPerStep, plannedBytes: null, fits: failure !== "OOM" });
  }
  return {
    goal: facts.goal, metric: "exact-match", architecture: "llama", trainRows: facts.trainRows, answersAreJson: false, conflicts: facts.conflicts, duplicates: facts.duplicates,
    parent, path: path.slice(-longestPath), siblings, keyNodes: [...ranked.slice(0, mostKeyNodes - failed.length), ...failed].flatMap((node) => summary(node.id)),
    baselineScore: state.baselineScore, bestScore: Math.max(state.baselineScore, ...state.nodes.map((node) => node.reward ?? 0)), noiseFloor: state.noise,
    insights: [...insights.values()].slice(-mostInsights).reverse(), axisCounts, budget: state.budget,
    skill: "generation", target: null, mustNotGetWorse: ["general"], constraints: facts.constraints, cards: [], hints: [], outlook: preparation.outlook, parentFailures: [],
    memoryTable: [...sizes.values()].slice(-mostMemoryRows), rungCorrelation: rungCorrelation(state.nodes)?.spearman ?? null, menu: preparation.menu,
  };
}

function summarize(state: PolicyState, byId: ReadonlyMap<string, Observation>, id: string, insights: ReadonlyMap<string, string>): NodeSummary | null {
  const node = state.nodes.find((each) => each.id === id);
  if (node === undefined) return null;
  const loss = byId.get(id)?.loss ?? [];
  return {
    id, title: node.move === null ? (node.kind === "baseline" ? "Prompted base" : "Default recipe") : moves[node.move].title, move: node.move, axis: node.axis, status: node.status, verdict: node.verdict,
    score: node.reward, trainLoss: loss.at(-1)?.loss ?? null, validationLoss: loss.findLast((point) => point.validation !== undefined)?.validation ?? null, secondary: {}, recipe: node.recipe, insight: insights.get(id) ?? null,
  };
}

export function diagnosisContext(state: PolicyState, observation: Observation): DiagnosisContext | null {
  const byId = new Map([[observation.id, observation]]);
  const none = new Map<string, string>();
  const node = summarize(state, byId, observation.id, none);
  if (node === null) return null;
  const parent = observation.parent === null ? null : summarize(state, byId, observation.parent, none);
  return { node, parent, gain: node.score === null || parent?.score == null ? null : node.score - parent.score, noiseFloor: state.noise, loss: [...observation.loss] };
}

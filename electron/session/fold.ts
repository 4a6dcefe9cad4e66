import type { Cost, JournalEvent, JournalEventOf, JournalRecord, RunView, TreeNode } from "../contract/index.js";
import { addCost, noCost } from "./cost.js";
import { rungCorrelation } from "../tree/index.js";
import { forecastMs } from "./budget.js";
import { policyNode } from "./policy-state.js";
import { foldSteering } from "./steering.js";

/** A run of which nothing is known yet. */
export function emptyRun(): RunView {
  return {
    runId: "", status: "preparing", phase: "Nothing has happened yet.", createdAt: "", finishedAt: null, requirement: null, importReport: null,
    nodes: [], bestNodeId: null, baselineNodeId: null, backtracks: 0, noiseFloor: null,
    budget: { totalMs: 0, spentMs: 0, forecastMs: null }, cost: noCost, baseline: null, vault: null, regression: [], delivery: null,
    failure: null, warnings: [], insights: [], steering: { pinned: [], pruned: [], hints: [], branches: [] }, cards: [], rungCorrelation: null, plannerRetired: null,
  };
}

/** The run as its journal tells it. Pure and total: any prefix of a journal gives a view. */
export function foldRun(records: readonly JournalRecord[]): RunView {
  return records.reduce(applyRecord, emptyRun());
}

/** The view after one more record. */
export function applyRecord(view: RunView, record: JournalRecord): RunView {
  const changed = applyEvent(view, record.event, record.time);
  const spentSeconds = changed.budget.spentMs / 1000;
  const paid = changed.cost.trainSeconds + changed.cost.evalSeconds + changed.cost.agentSeconds;
  // Wall-clock is booked every few seconds, so right after a long stage the parts may add up to more.
  const cost = { ...changed.cost, totalSeconds: Math.max(spentSeconds, paid) };
  const costed = { ...changed, cost };
  return { ...costed, budget: { ...costed.budget, forecastMs: forecastMs(costed) } };
}

function applyEvent(view: RunView, event: JournalEvent, time: string): RunView {
  switch (event.type) {
    case "run-created":
      return { ...view, runId: event.runId, createdAt: time, phase: "Reading the task." };
    case "data-imported":
      return { ...view, importReport: event.report };
    case "requirement-fixed":
      return { ...view, requirement: event.requirement, warnings: [...view.warnings, ...event.warnings], budget: { ...view.budget, totalMs: event.requirement.budgetMs } };
    case "status-changed": {
      const ended = event.status === "done" || event.status === "stopped" || event.status === "failed";
      return { ...view, status: event.status, phase: event.phase, failure: event.failure ?? null, finishedAt: ended ? time : null };
    }
    case "node-created":
      return {
        ...view, nodes: [...view.nodes, newNode(event, time)], backtracks: view.backtracks + (event.backtracked ? 1 : 0), cost: addCost(view.cost, event.agentCost),
        steering: event.answers === null ? view.steering : { ...view.steering, branches: view.steering.branches.filter((branch) => branch.id !== event.answers) },
      };
    case "stage-started":
      return withNode(view, event.nodeId, (node) => ({ ...node, status: "running", stage: event.stage, progress: null }));
    case "recipe-repaired":
      return withNode(view, event.nodeId, (node) => ({ ...node, recipe: event.recipe, plan: { ...node.plan, numbers: repairedNumbers(node, event) } }));
    case "mend-asked":
      return paidFor(withNode(view, event.nodeId, (node) => ({ ...node, cost: addCost(node.cost, event.cost) })), event.cost);
    case "memory-planned":
      return withNode(view, event.nodeId, (node) => ({ ...node, memory: event.memory }));
    case "trained":
      return paidFor(withNode(view, event.nodeId, (node) => withTraining(node, event)), event.cost);
    case "evaluated":
      return paidFor(withLeaders(withNode(view, event.nodeId, (node) => withEvaluation(node, event))), event.cost);
    case "node-finished":
      return paidFor(withCorrelation(withLeaders(finishNode(view, event, time))), event.cost);
    case "noise-floor":
      return { ...view, noiseFloor: event.standardError };
    case "finalist-scored":
      return paidFor(withNode(view, event.nodeId, (node) => ({ ...node, finalist: { score: event.estimate, seeds: event.seeds }, cost: addCost(node.cost, event.cost) })), event.cost);
    case "vault-opening":
      return view;
    case "vault-scored":
      return paidFor({ ...view, baseline: event.baseline, vault: event.vault }, event.cost);
    case "regression-checked":
      return paidFor({ ...view, regression: event.results }, event.cost);
    case "delivered":
      return { ...view, delivery: event.delivery };
    case "steered": {
      const steering = foldSteering(view.steering, event.id, event.action);
      return event.action.kind === "budget" ? { ...view, steering, budget: { ...view.budget, totalMs: event.action.totalMs } } : { ...view, steering };
    }
    case "knowledge-fixed":
      return { ...view, cards: event.cards.map((card) => card.id) };
    case "planner-retired":
      return { ...view, plannerRetired: event.reason };
    case "insights-kept":
      return view;
    case "warning":
      return { ...view, warnings: [...view.warnings, event.message] };
    case "time-spent":
      return { ...view, budget: { ...view.budget, spentMs: view.budget.spentMs + event.elapsedMs } };
  }
}

function newNode(event: JournalEventOf<"node-created">, time: string): TreeNode {
  return {
    id: event.nodeId, parent: event.parent, kind: event.kind, axis: event.axis, decidedBy: event.decidedBy, plan: event.plan, decision: event.decision, recipe: event.recipe,
    status: "planned", stage: "plan", progress: null, verdict: null, failure: null, pilot: null, score: null, gain: null, finalist: null,
    secondary: {}, cost: event.agentCost, memory: null, insight: null, hypothesisHeld: null, conditions: [], loss: [], spectra: [], samples: [], failures: [],
    adapterPath: null, adapterSha256: null, createdAt: time, finishedAt: null,
  };
}

/** Micro-steps measure the machine; their few losses say nothing about the recipe. */
function withTraining(node: TreeNode, event: JournalEventOf<"trained">): TreeNode {
  const memory = node.memory === null || event.peakBytes === null ? node.memory : { ...node.memory, actualPeakBytes: Math.max(event.peakBytes, node.memory.actualPeakBytes ?? 0) };
  const paid = { ...node, memory, cost: addCost(node.cost, event.cost) };
  if (event.rung === "micro-steps") return paid;
  if (event.rung === "pilot") return { ...paid, loss: event.loss };
  return { ...paid, loss: event.loss, spectra: event.spectra, adapterPath: event.adapterPath, adapterSha256: event.adapterSha256 };
}

function withEvaluation(node: TreeNode, event: JournalEventOf<"evaluated">): TreeNode {
  const paid = { ...node, cost: addCost(node.cost, event.cost), samples: event.samples, secondary: event.secondary, failures: event.failures };
  return event.rung === "pilot" ? { ...paid, pilot: event.estimate } : { ...paid, score: event.estimate, gain: event.gain };
}

function finishNode(view: RunView, event: JournalEventOf<"node-finished">, time: string): RunView {
  const insights = event.insight === null ? view.insights : [...view.insights, { nodeId: event.nodeId, text: event.insight }];
  return withNode({ ...view, insights }, event.nodeId, (node) => ({
    ...node, status: event.status, verdict: event.verdict, insight: event.insight, hypothesisHeld: event.hypothesisHeld, failure: event.failure, conditions: event.conditions,
    stage: null, progress: null, finishedAt: time, cost: event.cost === null ? node.cost : addCost(node.cost, event.cost),
  }));
}

function repairedNumbers(node: TreeNode, event: JournalEventOf<"recipe-repaired">): TreeNode["plan"]["numbers"] {
  const before = node.recipe.training;
  const after = event.recipe.training;
  if (before === null || after === null) return node.plan.numbers;
  const numbers = { ...node.plan.numbers };
  for (const field of ["learningRate", "rank", "epochs", "tokensPerStep", "maxSequenceTokens"] as const) {
    if (before[field] !== after[field]) numbers[field] = { value: after[field], by: "repair" };
  }
  return numbers;
}

function withNode(view: RunView, nodeId: string, change: (node: TreeNode) => TreeNode): RunView {
  return { ...view, nodes: view.nodes.map((node) => (node.id === nodeId ? change(node) : node)) };
}

function paidFor(view: RunView, cost: Cost | null): RunView {
  return cost === null ? view : { ...view, cost: addCost(view.cost, cost) };
}

/**
 * Ties go to the older node: it costs nothing to keep what is simpler. The prompted base is the best of all untrained nodes, the
 * prompts that the search itself tried included: a gain is counted from what anyone could have without training.
 */
function withLeaders(view: RunView): RunView {
  const scored = view.nodes.filter((node) => node.score !== null && node.status !== "failed");
  return { ...view, bestNodeId: highest(scored)?.id ?? null, baselineNodeId: highest(scored.filter((node) => node.recipe.training === null))?.id ?? null };
}

function withCorrelation(view: RunView): RunView {
  return { ...view, rungCorrelation: rungCorrelation(view.nodes.map((node) => policyNode(view, node))) };
}

function highest(nodes: readonly TreeNode[]): TreeNode | null {
  return nodes.reduce<TreeNode | null>((best, node) => (best === null || scoreOf(node) > scoreOf(best) ? node : best), null);
}

function scoreOf(node: TreeNode): number {
  return node.score?.score ?? Number.NEGATIVE_INFINITY;
}

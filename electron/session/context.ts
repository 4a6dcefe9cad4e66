import type { Axis, CardSummary, DiagnosisContext, MoveOutlook, NodeSummary, PlannerContext, RunView, TreeNode } from "../contract/index.js";
import { noiseNow } from "./pairing.js";
import { requirementOf } from "./work.js";

const longestPath = 6;
const mostSiblings = 6;
const mostKeyNodes = 4;
const mostInsights = 5;
const mostHints = 5;
const mostMemoryRows = 8;

/** What the first half of a step found out: what the planner may choose from, and what is known that bears on it. */
export interface ContextParts {
  readonly parent: TreeNode;
  readonly outlook: readonly MoveOutlook[];
  readonly cards: readonly CardSummary[];
  readonly budget: PlannerContext["budget"];
}

/**
 * What a planner is told: bounded in size whatever the tree's, and made of dev-search numbers only. Sample answers,
 * finalist scores and everything of dev-select and the vault stay out of it by construction.
 */
export function plannerContext(view: RunView, { parent, outlook, cards, budget }: ContextParts): PlannerContext {
  const requirement = requirementOf(view);
  const { importReport, nodes } = view;
  const scoreOf = (id: string | null): number => nodes.find((node) => node.id === id)?.score?.score ?? 0;
  return {
    goal: requirement.goal,
    metric: requirement.metric,
    architecture: requirement.architecture,
    trainRows: requirement.splitSizes.train ?? 0,
    answersAreJson: importReport?.answersAreJson ?? false,
    conflicts: importReport?.conflicts ?? 0,
    duplicates: importReport?.duplicates ?? 0,
    parent: summarize(parent),
    path: pathTo(nodes, parent).slice(-longestPath).map(summarize),
    siblings: nodes.filter((node) => node.parent === parent.id && node.kind !== "baseline").slice(-mostSiblings).map(summarize),
    keyNodes: keyNodes(nodes, parent).map(summarize),
    baselineScore: scoreOf(view.baselineNodeId),
    bestScore: scoreOf(view.bestNodeId),
    noiseFloor: noiseNow(view),
    insights: view.insights.slice(-mostInsights).reverse().map((insight) => insight.text),
    axisCounts: countAxes(nodes),
    budget,
    skill: requirement.skill,
    target: requirement.target,
    mustNotGetWorse: requirement.mustNotGetWorse,
    constraints: requirement.constraints,
    cards,
    hints: view.steering.hints.slice(-mostHints).reverse(),
    outlook,
    parentFailures: parent.failures,
    memoryTable: memoryTable(nodes),
    rungCorrelation: view.rungCorrelation?.spearman ?? null,
    menu: outlook.map(({ move }) => move),
  };
}

export function diagnosisContext(view: RunView, node: TreeNode): DiagnosisContext {
  const parent = view.nodes.find((other) => other.id === node.parent) ?? null;
  const prediction = node.plan.candidates.find((candidate) => candidate.move === node.plan.move)?.prediction;
  // A pruned node has a pilot only, and that compares with the parent's pilot only.
  const [own, reference] = node.score === null ? [node.pilot, parent?.pilot ?? null] : [node.score, parent?.score ?? null];
  return {
    node: summarize(node),
    parent: parent === null ? null : summarize(parent),
    gain: own === null || reference === null ? null : own.score - reference.score,
    noiseFloor: noiseNow(view),
    loss: node.loss,
    ...(prediction === undefined ? {} : { prediction }),
  };
}

export function summarize(node: TreeNode): NodeSummary {
  return {
    id: node.id, title: node.plan.title, move: node.plan.move, axis: node.axis, status: node.status, verdict: node.verdict,
    score: node.score?.score ?? null, trainLoss: node.loss.at(-1)?.loss ?? null,
    validationLoss: node.loss.findLast((point) => point.validation !== undefined)?.validation ?? null,
    secondary: node.secondary, recipe: node.recipe, insight: node.insight, conditions: node.conditions,
  };
}

function pathTo(nodes: readonly TreeNode[], end: TreeNode): TreeNode[] {
  const path = [end];
  for (let above = end.parent; above !== null;) {
    const node = nodes.find((candidate) => candidate.id === above);
    if (node === undefined) break;
    path.unshift(node);
    above = node.parent;
  }
  return path;
}

/** Strong gains and failures both teach (TREX's memory, arXiv 2604.14116): the best three and the latest failure elsewhere. */
function keyNodes(nodes: readonly TreeNode[], parent: TreeNode): TreeNode[] {
  const others = nodes.filter((node) => node.id !== parent.id && node.kind !== "baseline");
  const best = others.filter((node) => node.score !== null).sort((left, right) => (right.score?.score ?? 0) - (left.score?.score ?? 0)).slice(0, mostKeyNodes - 1);
  const failed = others.findLast((node) => node.status === "failed");
  return failed === undefined ? best : [...best, failed];
}

/** The newest plan of each size that was tried: what fits this machine and what does not. */
function memoryTable(nodes: readonly TreeNode[]): PlannerContext["memoryTable"] {
  const rows = new Map<string, PlannerContext["memoryTable"][number]>();
  for (const { recipe: { training }, memory, failure } of nodes) {
    if (training === null || (memory === null && failure?.class !== "OOM")) continue;
    rows.set(`${training.rank} ${training.tokensPerStep}`, { rank: training.rank, tokensPerStep: training.tokensPerStep, plannedBytes: memory?.plannedBytes ?? null, fits: failure?.class !== "OOM" });
  }
  return [...rows.values()].slice(-mostMemoryRows);
}

export function countAxes(nodes: readonly TreeNode[]): Partial<Record<Axis, number>> {
  const counts: Partial<Record<Axis, number>> = {};
  for (const node of nodes) if (node.kind !== "baseline") counts[node.axis] = (counts[node.axis] ?? 0) + 1;
  return counts;
}

import type { Axis, DiagnosisContext, MoveId, NodeSummary, PlannerContext, RunView, TreeNode } from "../contract/index.js";
import { noiseNow } from "./pairing.js";
import { requirementOf } from "./work.js";

const longestPath = 6;
const mostSiblings = 6;
const mostKeyNodes = 4;
const mostInsights = 5;

/**
 * What a planner is told: bounded in size whatever the tree's, and made of dev-search numbers only. Sample answers,
 * finalist scores and everything of dev-select and the vault stay out of it by construction.
 */
export function plannerContext(view: RunView, parent: TreeNode, menu: readonly MoveId[], budget: PlannerContext["budget"]): PlannerContext {
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
    menu,
  };
}

export function diagnosisContext(view: RunView, node: TreeNode): DiagnosisContext {
  const parent = view.nodes.find((other) => other.id === node.parent) ?? null;
  // A pruned node has a pilot only, and that compares with the parent's pilot only.
  const [own, reference] = node.score === null ? [node.pilot, parent?.pilot ?? null] : [node.score, parent?.score ?? null];
  return {
    node: summarize(node),
    parent: parent === null ? null : summarize(parent),
    gain: own === null || reference === null ? null : own.score - reference.score,
    noiseFloor: noiseNow(view),
    loss: node.loss,
  };
}

function summarize(node: TreeNode): NodeSummary {
  return {
    id: node.id, title: node.plan.title, move: node.plan.move, axis: node.axis, status: node.status, verdict: node.verdict,
    score: node.score?.score ?? null, trainLoss: node.loss.at(-1)?.loss ?? null,
    validationLoss: node.loss.findLast((point) => point.validation !== undefined)?.validation ?? null,
    secondary: node.secondary, recipe: node.recipe, insight: node.insight,
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

function countAxes(nodes: readonly TreeNode[]): Partial<Record<Axis, number>> {
  const counts: Partial<Record<Axis, number>> = {};
  for (const node of nodes) if (node.kind !== "baseline") counts[node.axis] = (counts[node.axis] ?? 0) + 1;
  return counts;
}

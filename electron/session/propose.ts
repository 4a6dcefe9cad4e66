import type { Candidate, MoveId, NumericField, Plan, PlannerContext, Proposal, Recipe, RunView, TreeNode } from "../contract/index.js";
import { moves, numericFields } from "../contract/index.js";
import { createRandom, deriveSeed } from "../stats/index.js";
import {
  applyMove, availableMoves, defaultSearchOptions, isBacktrack, isNovel, numbersOf, numbersOfMove, proposeNumbers, quotaMenu, recipeKey, sampleCandidate, selectParent, weighByEvidence,
  type MoveFacts, type MoveOutcome, type Observation, type RecipeFacts, type SearchNode,
} from "../tree/index.js";
import { plannerContext } from "./context.js";
import { withRoomForPrompt } from "./facts.js";
import { noiseNow } from "./pairing.js";
import { leased, nodeOf, requirementOf, stopIfAsked, type Work } from "./work.js";

/** Draws of numbers before a move is given up as nothing new. */
const numberDraws = 8;
/** The optimiser owns the numbers; a language model does better with a say in about a third of them (arXiv 2603.24647). */
const mostOverrideShare = 0.3;

export function nextNodeId(view: RunView): string {
  return `n${String(view.nodes.length + 1).padStart(3, "0")}`;
}

/** Selects a parent, asks the planner, draws a candidate, fills in numbers and journals the node. Null: nothing is left to try. */
export async function proposeNode(work: Work, facts: RecipeFacts, budget: PlannerContext["budget"]): Promise<string | null> {
  const { ledger, meter, deps } = work;
  const view = ledger.view();
  const random = createRandom(deriveSeed(requirementOf(view).seed, "node", view.nodes.length));
  const tried = triedRecipes(work);
  const minimumGain = noiseNow(view);
  const nodes = searchNodes(view, facts, tried);
  const selection = selectParent(nodes, { ...defaultSearchOptions, minimumGain }, random);
  if (selection === null) return null;
  const parent = nodeOf(view, selection.nodeId);
  const open = menuOf(view, parent, facts, tried);
  const menu = quotaMenu(open, view.nodes.filter((node) => node.kind !== "baseline").map((node) => node.axis));

  const context = plannerContext(view, parent, menu, budget);
  const proposal = await leased(work, "agent", () => meter.run("agent", () => deps.planner.propose(context, random, work.signal)));
  stopIfAsked(work);
  meter.addTokens(proposal.spent.tokens);

  const chosen = chooseRecipe(view, parent, facts, menu, proposal, tried, random) ?? chooseRecipe(view, parent, facts, open, { ...proposal, candidates: [] }, tried, random);
  if (chosen === null) return null;
  const nodeId = nextNodeId(view);
  await ledger.append({
    type: "node-created", nodeId, parent: parent.id, kind: parent.recipe.training === null ? "draft" : "improve", axis: moves[chosen.move].axis,
    decidedBy: chosen.byPlanner ? proposal.decidedBy : "host", recipe: chosen.recipe, backtracked: isBacktrack(nodes, parent.id, minimumGain), agentCost: meter.take(),
    plan: {
      title: moves[chosen.move].title,
      hypothesis: chosen.byPlanner ? chosen.hypothesis : "An untried change, drawn by the host.",
      evidence: [...proposal.evidence], move: chosen.move, candidates: [...proposal.candidates],
      fallbackReason: chosen.byPlanner ? proposal.fallbackReason : "Every proposed change was tried before.", numbers: chosen.numbers,
    },
  });
  return nodeId;
}

interface Chosen {
  readonly move: MoveId;
  readonly recipe: Recipe;
  readonly numbers: Plan["numbers"];
  readonly hypothesis: string;
  readonly byPlanner: boolean;
}

/** Draws candidates without replacement until one leads to a recipe that was not tried; then the rest of the menu. */
function chooseRecipe(view: RunView, parent: TreeNode, facts: RecipeFacts, menu: readonly MoveId[], proposal: Proposal, tried: readonly Recipe[], random: () => number): Chosen | null {
  let candidates: readonly Candidate[] = proposal.candidates.filter((candidate) => menu.includes(candidate.move));
  while (candidates.length > 0) {
    const drawn = sampleCandidate(weighByEvidence(candidates, outcomesOf(view), noiseNow(view)), random);
    const filled = fillNumbers(view, parent, facts, drawn.move, proposal, tried, random);
    if (filled !== null) return { ...filled, move: drawn.move, hypothesis: drawn.hypothesis, byPlanner: true };
    candidates = candidates.filter((candidate) => candidate.move !== drawn.move);
  }
  const proposed = new Set(proposal.candidates.map((candidate) => candidate.move));
  let rest = menu.filter((move) => !proposed.has(move));
  while (rest.length > 0) {
    const move = rest[Math.floor(random() * rest.length)];
    if (move === undefined) return null;
    const filled = fillNumbers(view, parent, facts, move, { ...proposal, numbers: {} }, tried, random);
    if (filled !== null) return { ...filled, move, hypothesis: "", byPlanner: false };
    rest = rest.filter((other) => other !== move);
  }
  return null;
}

function fillNumbers(view: RunView, parent: TreeNode, facts: RecipeFacts, move: MoveId, proposal: Proposal, tried: readonly Recipe[], random: () => number): { recipe: Recipe; numbers: Plan["numbers"] } | null {
  const moveFacts: MoveFacts = { ...facts, parent: { nodeId: parent.id, hasAdapter: parent.adapterPath !== null } };
  const overrides = mayOverride(view, proposal) ? insideBounds(move, proposal.numbers) : {};
  for (let draw = 0; draw < numberDraws; draw += 1) {
    const proposed = proposeNumbers({ move, parent: parent.recipe, observations: observationsOf(view), random });
    // An override that leads nowhere new is dropped after the first draw; the optimiser's own numbers go on.
    const numbers = draw === 0 ? { ...proposed, ...overrides } : proposed;
    const recipe = withRoomForPrompt(applyMove(parent.recipe, move, numbers, moveFacts), facts);
    if (!isNovel(recipe, tried)) {
      if (numbersOfMove(move).length === 0) return null;
      continue;
    }
    const by = proposal.decidedBy === "language-model" ? "language-model" as const : "default" as const;
    const origin = Object.fromEntries(numbersOfMove(move).flatMap((field) => {
      const value = numbers[field];
      return value === undefined ? [] : [[field, { value, by: draw === 0 && overrides[field] !== undefined ? by : "optimiser" as const }]];
    }));
    return { recipe, numbers: origin };
  }
  return null;
}

function mayOverride(view: RunView, proposal: Proposal): boolean {
  if (proposal.decidedBy !== "language-model") return true;
  const experiments = view.nodes.filter((node) => node.kind !== "baseline");
  const overridden = experiments.filter((node) => Object.values(node.plan.numbers).some((number) => number.by === "language-model")).length;
  return overridden < Math.ceil(mostOverrideShare * (experiments.length + 1));
}

function insideBounds(move: MoveId, numbers: Proposal["numbers"]): Partial<Record<NumericField, number>> {
  const kept: Partial<Record<NumericField, number>> = {};
  for (const field of numbersOfMove(move)) {
    const value = numbers[field];
    const { minimum, maximum, integer } = numericFields[field];
    if (value !== undefined && value >= minimum && value <= maximum) kept[field] = integer ? Math.round(value) : value;
  }
  return kept;
}

/** What each move did so far, child against parent; a first training says nothing of the move it came with. */
function outcomesOf(view: RunView): MoveOutcome[] {
  return view.nodes.flatMap((node) => {
    const parent = view.nodes.find((other) => other.id === node.parent);
    const before = parent?.recipe.training == null ? null : parent.score;
    if (node.plan.move === null || before === null || node.finishedAt === null || node.status === "cancelled") return [];
    const after = rewardOf(node);
    return [{ move: node.plan.move, gain: after === null ? null : after - before.score }];
  });
}

/** A pruned node counts with the score its pilot reached, not as the worst of all. */
function rewardOf(node: TreeNode): number | null {
  return node.score?.score ?? node.pilot?.score ?? null;
}

function observationsOf(view: RunView): Observation[] {
  return view.nodes
    .filter((node) => node.recipe.training !== null && node.finishedAt !== null && node.status !== "cancelled")
    .map((node) => ({ numbers: numbersOf(node.recipe), reward: rewardOf(node) }));
}

/** Every recipe that was planned and, where it was repaired, the one that really ran. */
function triedRecipes(work: Work): Recipe[] {
  const planned = work.deps.journal.records().flatMap((record) => (record.event.type === "node-created" ? [record.event.recipe] : []));
  return [...planned, ...work.ledger.view().nodes.map((node) => node.recipe)];
}

/** The moves that change this node's recipe and were not yet tried from it. */
function menuOf(view: RunView, node: TreeNode, facts: RecipeFacts, tried: readonly Recipe[]): MoveId[] {
  const keys = new Set(tried.map(recipeKey));
  const used = new Set(view.nodes.filter((child) => child.parent === node.id).map((child) => child.plan.move));
  return availableMoves(node.recipe, { ...facts, parent: { nodeId: node.id, hasAdapter: node.adapterPath !== null } }, keys).filter((move) => !used.has(move));
}

/** The tree as the selection sees it. Baselines that are not the prompted base are closed: nothing grows from a worse prompt. */
export function searchNodes(view: RunView, facts: RecipeFacts, tried: readonly Recipe[]): SearchNode[] {
  return view.nodes.map((node) => ({
    id: node.id, parent: node.parent, kind: node.kind, axis: node.axis, status: node.status, verdict: node.verdict,
    reward: node.status === "done" || node.status === "pruned" ? rewardOf(node) : null,
    openMoves: node.kind === "baseline" && node.id !== view.baselineNodeId ? 0 : menuOf(view, node, facts, tried).length,
  }));
}

import { moves, type MoveId, type Recipe } from "../contract/index.js";
import { createRandom, deriveSeed, mean, standardError } from "../stats/index.js";
import type { RecipeFacts } from "./facts.js";
import { chooseFinalists, chooseWinner } from "./finalists.js";
import { baselineRecipes, initialRecipe } from "./initial-recipe.js";
import { applyMove, availableMoves, boundsOfMove, numbersOfMove, type MoveFacts } from "./moves.js";
import { weighByEvidence } from "./move-evidence.js";
import { isNovel } from "./novelty.js";
import { fromUnit, numbersOf, proposeNumbers, toUnit } from "./numbers.js";
import { decidePromotion } from "./promotion.js";
import { quotaMenu } from "./quota.js";
import { recipeKey } from "./recipe-key.js";
import { sampleCandidate } from "./sample.js";
import { bestNode, defaultSearchOptions, type SearchNode, type SearchOptions } from "./search-node.js";
import { isBacktrack, selectParent } from "./select.js";
import type { Landscape } from "./simulator.js";

/** A policy's run on a landscape: a search node with its recipe and the scores it was judged by. */
export interface SimulatedNode extends SearchNode {
  readonly recipe: Recipe;
  readonly scores: readonly number[];
  /** null where the host chose. */
  readonly move: MoveId | null;
}

export interface SimulatedRun {
  readonly nodes: readonly SimulatedNode[];
  readonly backtracks: number;
  readonly chosen: Recipe;
  /** True score of the recipe the policy would deliver: what it is judged by. */
  readonly trueScore: number;
  readonly baseScore: number;
}

const pilotItems = 60;

const simulatedFacts = (seed: number): RecipeFacts => ({
  goal: "Answer in the format of the examples.", trainRows: 2000, duplicates: 120, conflicts: 60, longestTokens: 180, shotTokens: 120, hasSystemMessages: false, contextLength: 2048, seed, defaults: {},
});

/**
 * The search policy of this folder with a planner that knows nothing (any move of the menu, evenly): what is left is what
 * selection, widening, dead ends, quotas, novelty, the optimiser and the finalists bring by themselves.
 * @param experiments nodes besides the baseline
 * @param options minimumGain here in standard errors of the best node's score
 */
export function simulateSearch(landscape: Landscape, experiments: number, seed: number, options: SearchOptions = { ...defaultSearchOptions, minimumGain: 0.5 }): SimulatedRun {
  const random = createRandom(deriveSeed(seed, "search"));
  const facts = simulatedFacts(seed);
  const nodes: SimulatedNode[] = [...startNodes(landscape, facts, random)];
  let backtracks = 0;
  while (countExperiments(nodes) < experiments) {
    const best = nodes.find((node) => node.id === bestNode(nodes)?.id);
    const searchOptions = { ...options, minimumGain: options.minimumGain * standardError(best?.scores ?? []) };
    const selection = selectParent(nodes, searchOptions, random);
    const at = nodes.findIndex((node) => node.id === selection?.nodeId);
    const parent = nodes[at];
    if (parent === undefined) break;
    const next = nextRecipe(nodes, parent, facts, random);
    if (next === null) {
      nodes[at] = { ...parent, openMoves: 0 };
      continue;
    }
    backtracks += isBacktrack(nodes, parent.id, searchOptions.minimumGain) ? 1 : 0;
    nodes.push(runNode(landscape, { id: `n${nodes.length}`, parent: parent.id, ...next }, best?.scores ?? [], seed, random));
  }
  return deliver(landscape, nodes, backtracks, random);
}

/** The control: the same moves and the same end, but a random parent, a random move and random numbers. */
export function randomSearch(landscape: Landscape, experiments: number, seed: number): SimulatedRun {
  return randomNodes(landscape, experiments, seed, (nodes, facts, random) => {
    const parent = drawFrom(nodes.filter((node) => node.status === "done"), random);
    return { parent: parent.id, ...randomMove(parent.recipe, { ...facts, parent: parentOf(parent) }, random) };
  });
}

/** A harder control without a tree: each recipe is the default one after one to three random moves with random numbers. */
export function randomRecipes(landscape: Landscape, experiments: number, seed: number): SimulatedRun {
  return randomNodes(landscape, experiments, seed, (_nodes, facts, random) => {
    let step = randomMove(initialRecipe(facts), { ...facts, parent: null }, random);
    for (let left = Math.floor(3 * random()); left > 0; left -= 1) step = randomMove(step.recipe, { ...facts, parent: null }, random);
    return { parent: "n0", ...step };
  });
}

function randomNodes(landscape: Landscape, experiments: number, seed: number, next: (nodes: readonly SimulatedNode[], facts: RecipeFacts, random: () => number) => Pick<SimulatedNode, "parent" | "axis" | "move" | "recipe">): SimulatedRun {
  const random = createRandom(deriveSeed(seed, "random"));
  const facts = simulatedFacts(seed);
  const nodes: SimulatedNode[] = [...startNodes(landscape, facts, random)];
  while (countExperiments(nodes) < experiments) nodes.push(runNode(landscape, { id: `n${nodes.length}`, ...next(nodes, facts, random) }, [], seed, random));
  return deliver(landscape, nodes, 0, random);
}

function randomMove(recipe: Recipe, facts: MoveFacts, random: () => number): Pick<SimulatedNode, "axis" | "move" | "recipe"> {
  const move = drawFrom(availableMoves(recipe, facts, new Set()), random);
  return { move, axis: moves[move].axis, recipe: applyMove(recipe, move, uniformNumbers(recipe, move, random), facts) };
}

/** The bare model and the default recipe: both policies have them. */
function startNodes(landscape: Landscape, facts: RecipeFacts, random: () => number): SimulatedNode[] {
  const bare = baselineRecipes(facts)[0];
  if (bare === undefined) throw new Error("there is always a bare model");
  const scores = landscape.items(bare.recipe, random) ?? [];
  const root: SimulatedNode = { id: "n0", parent: null, kind: "baseline", axis: "baseline", status: "done", verdict: "baseline", move: null, reward: mean(scores), openMoves: 1, recipe: bare.recipe, scores };
  return [root, runNode(landscape, { id: "n1", parent: "n0", axis: "optimization", move: null, recipe: initialRecipe(facts) }, [], facts.seed, random)];
}

const countExperiments = (nodes: readonly SimulatedNode[]): number => nodes.filter((node) => node.kind !== "baseline").length;
const parentOf = (node: SimulatedNode): { nodeId: string; hasAdapter: boolean } => ({ nodeId: node.id, hasAdapter: node.recipe.training !== null && node.status === "done" });

function nextRecipe(nodes: readonly SimulatedNode[], parent: SimulatedNode, facts: RecipeFacts, random: () => number): Pick<SimulatedNode, "recipe" | "move" | "axis"> | null {
  const moveFacts = { ...facts, parent: parentOf(parent) };
  const observations = nodes.filter((node) => node.recipe.training !== null).map((node) => ({ numbers: numbersOf(node.recipe), reward: node.reward }));
  const noise = Math.SQRT2 * standardError(parent.scores);
  const outcomes = nodes.flatMap((node) => {
    const from = nodes.find((each) => each.id === node.parent);
    if (node.move === null || from?.recipe.training === undefined || from.recipe.training === null || from.reward === null) return [];
    return [{ move: node.move, gain: node.reward === null ? null : node.reward - from.reward }];
  });
  let menu = availableMoves(parent.recipe, moveFacts, new Set(nodes.map((node) => recipeKey(node.recipe))));
  const recentAxes = nodes.filter((node) => node.kind !== "baseline").map((node) => node.axis);
  while (menu.length > 0) {
    const even = quotaMenu(menu, recentAxes).map((each) => ({ move: each, probability: 1, hypothesis: "" }));
    const { move } = sampleCandidate(weighByEvidence(even, outcomes, noise), random);
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const numbers = proposeNumbers({ move, parent: parent.recipe, observations, random });
      const recipe = applyMove(parent.recipe, move, numbers, moveFacts);
      if (isNovel(recipe, nodes.map((node) => node.recipe))) return { recipe, move, axis: moves[move].axis };
    }
    menu = menu.filter((other) => other !== move);
  }
  return null;
}

/** A pilot on the first items against the incumbent, then all of them. A node that cannot be trained fails. */
function runNode(landscape: Landscape, node: Pick<SimulatedNode, "id" | "parent" | "axis" | "recipe" | "move">, incumbent: readonly number[], seed: number, random: () => number): SimulatedNode {
  const scores = landscape.items(node.recipe, random);
  const common = { ...node, kind: "improve" as const, openMoves: 1 };
  if (scores === null) return { ...common, status: "failed", verdict: "implementation-wrong", reward: null, scores: [] };
  if (incumbent.length > 0) {
    const pilot = decidePromotion({ candidate: scores.slice(0, pilotItems), incumbent: incumbent.slice(0, pilotItems), seed: deriveSeed(seed, node.id) });
    if (!pilot.promote) return { ...common, status: "pruned", verdict: "idea-wrong", reward: mean(scores.slice(0, pilotItems)), scores: [] };
  }
  return { ...common, status: "done", verdict: null, reward: mean(scores), scores };
}

/** Finalists on fresh items, then the simplest within one standard error: the same end for every policy. */
function deliver(landscape: Landscape, nodes: readonly SimulatedNode[], backtracks: number, random: () => number): SimulatedRun {
  const scored = nodes.filter((node) => node.scores.length > 0).map((node) => ({ nodeId: node.id, score: mean(node.scores), standardError: standardError(node.scores), recipe: node.recipe }));
  const finalists = chooseFinalists(scored).map((finalist) => {
    const fresh = landscape.items(finalist.recipe, random) ?? [];
    return { ...finalist, score: mean(fresh), standardError: standardError(fresh) };
  });
  const winner = chooseWinner(finalists);
  if (winner === null) throw new Error("the baseline always has a score");
  return { nodes, backtracks, chosen: winner.recipe, trueScore: landscape.trueScore(winner.recipe) ?? 0, baseScore: landscape.baseScore };
}

function uniformNumbers(recipe: Recipe, move: MoveId, random: () => number): Parameters<typeof applyMove>[2] {
  return Object.fromEntries(
    numbersOfMove(move).map((field) => {
      const { minimum, maximum } = boundsOfMove(move, field, recipe);
      const low = toUnit(field, minimum);
      const value = fromUnit(field, low + (toUnit(field, maximum) - low) * random());
      return [field, field === "rank" || field === "tokensPerStep" ? Math.round(value) : value];
    }),
  );
}

function drawFrom<Item>(items: readonly Item[], random: () => number): Item {
  const drawn = items[Math.floor(random() * items.length)];
  if (drawn === undefined) throw new Error("nothing to draw from");
  return drawn;
}

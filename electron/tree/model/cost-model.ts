import type { Recipe } from "../../contract/index.js";
import { median } from "../../stats/index.js";
import { sampledFraction } from "../recipes/apply-move.js";
import { promptTokens } from "../recipes/prompt-tokens.js";

export interface CostedNode {
  readonly recipe: Recipe;
  readonly status: string;
  readonly costMs: number;
  readonly pilot: unknown;
}

export interface CostModel {
  /** Expected wall clock of a node, in milliseconds: a full training (without a pilot) and its evaluation. */
  costOf(recipe: Recipe): number;
  /** Of a pilot: the short training and its evaluation. */
  pilotOf(recipe: Recipe): number;
  /** Of evaluation alone. */
  evaluationOf(recipe: Recipe): number;
}

/** Share of the epochs and of the items that a pilot gets. */
const pilotTraining = 0.3;
const pilotItems = 0.4;
/** Shares of a node's cost that are evaluation, and what comes before the first step, until nodes were timed. */
const assumedEvaluation = 0.15;
const assumedStart = 0.05;
/** The longest row is about three times the mean one. */
const longestOverMean = 3;
/**
 * What a prompt as long as a mean row adds: to an answer's time a third, since a prompt is read at once and an answer written token by
 * token; to a training its full length. Both are measured as soon as there are nodes with a prompt.
 */
const assumedAnswering = 0.35;
const assumedTraining = 1;

/**
 * Cost of a recipe: what comes before the first step, the tokens that are trained on, and the answers. The rates are medians over
 * the nodes so far, since one node that hung must not rule.
 */
export function fitCost(nodes: readonly CostedNode[], facts: { readonly shotTokens: number; readonly longestTokens: number }, nodeMs: number): CostModel {
  const promptLength = (recipe: Recipe): number => (longestOverMean * promptTokens(recipe.prompt, facts)) / Math.max(1, facts.longestTokens);
  const passes = (recipe: Recipe): number => (recipe.training === null ? 0 : recipe.training.epochs * sampledFraction(recipe) * rowLength(recipe));
  const timed = nodes.filter((node) => node.status === "done" && node.costMs > 0);

  const untrained = timed.filter((node) => node.recipe.training === null).map((node) => ({ costMs: node.costMs, length: promptLength(node.recipe) }));
  const answering = byLength(untrained, assumedAnswering);
  const answerMs = untrained.length > 0 ? answering.base : assumedEvaluation * nodeMs;
  const evaluationOf = (recipe: Recipe): number => answerMs * (1 + answering.slope * promptLength(recipe));

  const startMs = assumedStart * nodeMs;
  const trained = timed.flatMap(({ recipe, costMs, pilot }) => {
    if (recipe.training === null) return [];
    const rungs = pilot === null ? 1 : 1 + pilotTraining;
    const trainMs = Math.max(0.1 * costMs, costMs - startMs - (pilot === null ? 1 : 1 + pilotItems) * evaluationOf(recipe));
    return [{ costMs: trainMs / (passes(recipe) * rungs), length: promptLength(recipe) }];
  });
  const training = byLength(trained, assumedTraining);
  const passMs = trained.length > 0 ? training.base : Math.max(0, nodeMs - answerMs - startMs) / 2;
  const trainOf = (recipe: Recipe): number => passMs * passes(recipe) * (1 + training.slope * promptLength(recipe));
  return {
    costOf: (recipe) => Math.max(1, (recipe.training === null ? 0 : startMs) + trainOf(recipe) + evaluationOf(recipe)),
    pilotOf: (recipe) => Math.max(1, startMs + pilotTraining * trainOf(recipe) + pilotItems * evaluationOf(recipe)),
    evaluationOf,
  };
}

/** Cost without a prompt, and by which share of it a prompt of a mean row's length raises it. */
function byLength(nodes: readonly { readonly costMs: number; readonly length: number }[], assumed: number): { readonly base: number; readonly slope: number } {
  const plain = nodes.filter(({ length }) => length < 0.05);
  const base = plain.length > 0 ? median(plain.map(({ costMs }) => costMs)) : nodes.length > 0 ? median(nodes.map(({ costMs, length }) => costMs / (1 + assumed * length))) : 0;
  const prompted = base > 0 && plain.length > 0 ? nodes.filter(({ length }) => length >= 0.2).map(({ costMs, length }) => (costMs / base - 1) / length) : [];
  const measured = prompted.length === 0 ? assumed : Math.min(5, Math.max(0, median(prompted)));
  return { base, slope: (measured * prompted.length + assumed) / (prompted.length + 1) };
}

/** The longest twentieth of the rows has about a tenth of the tokens. */
const rowLength = (recipe: Recipe): number => (recipe.data.some((each) => each.operator === "drop-long") ? 0.9 : 1);

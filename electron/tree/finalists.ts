import type { Recipe } from "../contract/index.js";

export interface FinalistCandidate {
  readonly nodeId: string;
  readonly score: number;
  /** Of the score, over its items. */
  readonly standardError: number;
  readonly recipe: Recipe;
}

/**
 * At most `most` nodes for dev-select: the best, and the simplest of those within one standard error of it (the 1-SE rule
 * of Breiman et al. 1984; reliability.md 5). The best of many looks better than it is, and simple recipes lose less of it.
 */
export function chooseFinalists(candidates: readonly FinalistCandidate[], most = 3): FinalistCandidate[] {
  const [best, ...others] = withinOneError(candidates);
  if (best === undefined) return [];
  return [best, ...[...others].sort(simplestFirst).slice(0, most - 1)];
}

/** Of scored finalists: the simplest within one standard error of the best. */
export function chooseWinner(candidates: readonly FinalistCandidate[]): FinalistCandidate | null {
  return withinOneError(candidates).sort(simplestFirst)[0] ?? null;
}

/** Best first. */
function withinOneError(candidates: readonly FinalistCandidate[]): FinalistCandidate[] {
  const ranked = candidates.filter(({ score }) => Number.isFinite(score)).sort((left, right) => right.score - left.score);
  const best = ranked[0];
  if (best === undefined) return [];
  const slack = Number.isFinite(best.standardError) ? best.standardError : 0;
  return ranked.filter(({ score }) => score >= best.score - slack);
}

const simplestFirst = (left: FinalistCandidate, right: FinalistCandidate): number =>
  complexityOf(left.recipe) - complexityOf(right.recipe) || right.score - left.score;

/**
 * How much there is to a recipe, in points without a unit. What the user pays at every answer weighs most (worked
 * examples, system prompt), then the size of the adapter, the length of the training, and each extra step.
 */
export function complexityOf(recipe: Recipe): number {
  const prompt = recipe.prompt.fewShot + (recipe.prompt.system === null ? 0 : 1);
  const training = recipe.training;
  if (training === null) return prompt;
  const layers = training.targets === "all" ? 1 : 0.5;
  const regularised = (training.dropout > 0 ? 0.25 : 0) + (training.weightDecay > 0 ? 0.25 : 0);
  const warm = training.warmStartFrom === null ? 0 : 1;
  return prompt + 1 + 0.5 * Math.log2(1 + training.rank * layers) + 0.5 * Math.log2(1 + training.epochs) + 0.25 * recipe.data.length + regularised + warm;
}

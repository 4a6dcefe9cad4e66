import type { Recipe } from "../../contract/index.js";
import { mean } from "../../stats/index.js";
import { complexityOf } from "../recipes/complexity.js";
import { mayBeDelivered, searchModel } from "./search-model.js";
import type { PolicyState } from "./state.js";

export interface FinalistCandidate {
  readonly nodeId: string;
  readonly score: number;
  /** Of the score. */
  readonly standardError: number;
  readonly recipe: Recipe;
  /** What the search's model expected before the score: survives when `score` is replaced by one on other rows. `deviation` is that of the difference to the leading finalist. */
  readonly expected?: { readonly score: number; readonly deviation: number };
}

/**
 * The nodes for dev-select, by posterior mean: the best of many looks better than it is, and the model takes back what is luck
 * (winner's curse, reliability.md 5). `score` and `standardError` are the posterior's. The third is the best of those that were
 * trained more gently than the first two: the search cannot see what hot and long training makes a model forget, and when the
 * regression gate turns the first two down for it, there must be something else to deliver.
 */
export function chooseFinalists(state: PolicyState, most = 3): FinalistCandidate[] {
  const model = searchModel(state);
  const { incumbent } = model;
  if (incumbent === null) return [];
  const inUnits = (from: number, deviation: number): number => (model.scale.toScore(from + deviation) - model.scale.toScore(from - deviation)) / 2;
  const ranked = state.nodes.flatMap((node): FinalistCandidate[] => {
    const prediction = model.ofNode(node.id);
    if (node.status !== "done" || prediction === null || !mayBeDelivered(node, state)) return [];
    const apart = Math.sqrt(Math.max(0, prediction.variance + incumbent.prediction.variance - 2 * model.surrogate.covariance(prediction, incumbent.prediction)));
    const score = model.scale.toScore(prediction.mean);
    return [{ nodeId: node.id, score, standardError: inUnits(prediction.mean, Math.sqrt(prediction.variance)), recipe: node.recipe, expected: { score, deviation: inUnits(prediction.mean, apart) } }];
  }).sort((left, right) => right.score - left.score);
  const leading = ranked.slice(0, 2);
  const mildest = Math.min(...leading.map(({ recipe }) => decadesOfHardness(recipe)));
  const gentle = ranked.slice(2).find(({ recipe }) => recipe.training !== null && decadesOfHardness(recipe) <= mildest - gentlerBy);
  return (gentle === undefined ? ranked : [...leading, gentle, ...ranked.slice(2).filter((each) => each !== gentle)]).slice(0, most);
}

/** Half as hard. */
const gentlerBy = 0.3;

/** How hard a training presses on what the model knew: rate times passes times a root of the rank (forgetting in reliability.md 15), as a logarithm. */
function decadesOfHardness({ training }: Recipe): number {
  return training === null ? Number.NEGATIVE_INFINITY : Math.log10(training.learningRate * training.epochs * (training.warmStartFrom === null ? 1 : 2) * training.rank ** 0.3);
}

/** What a search without a model does: the highest raw scores. For rivals, so that each ends in its own way. */
export function finalistsByScore(state: PolicyState, most = 3): FinalistCandidate[] {
  return state.nodes.flatMap((node): FinalistCandidate[] => (node.status === "done" && node.reward !== null && mayBeDelivered(node, state) ? [{ nodeId: node.id, score: node.reward, standardError: node.standardError ?? 0, recipe: node.recipe }] : []))
    .sort((left, right) => right.score - left.score).slice(0, most);
}

/**
 * Of scored finalists the best, or one within one standard error of it that is simpler by a point or more: a worked example, a
 * system prompt, a quarter of the rank (the 1-SE rule of Breiman et al. 1984, reliability.md 5, kept for what a user would
 * notice; for every trifle it gave away a third of a point of accuracy in simulation). Where the search expected something of them, that and the new scores are weighed by how sure each is: three scores on a few
 * hundred rows alone would often turn the order of a whole search around.
 */
export function chooseWinner(candidates: readonly FinalistCandidate[]): FinalistCandidate | null {
  const known = candidates.filter(({ score }) => Number.isFinite(score));
  const weighed = known.length > 1 && known.every(({ expected }) => expected !== undefined) ? combine(known) : known.map((candidate) => ({ candidate, score: candidate.score, error: candidate.standardError }));
  const [best] = [...weighed].sort((left, right) => right.score - left.score);
  if (best === undefined) return null;
  const slack = Number.isFinite(best.error) ? best.error : 0;
  const complexity = ({ candidate }: { readonly candidate: FinalistCandidate }): number => complexityOf(candidate.recipe);
  const ties = weighed.filter((each) => each.score >= best.score || (each.score >= best.score - slack && complexity(each) <= complexity(best) - noticeablySimpler));
  return ties.sort((left, right) => complexity(left) - complexity(right) || right.score - left.score)[0]?.candidate ?? null;
}

const noticeablySimpler = 1;
/** Of an item's noise so much is its own and not shared by all models (reliability.md 5: error correlation of one half). */
const unsharedNoise = 0.5;

/** Posterior of each finalist's difference to their mean: a normal prior from the search, a normal observation from the new rows. */
function combine(candidates: readonly FinalistCandidate[]): { readonly candidate: FinalistCandidate; readonly score: number; readonly error: number }[] {
  const expectedMean = mean(candidates.map(({ expected }) => expected?.score ?? 0));
  const observedMean = mean(candidates.map(({ score }) => score));
  const apart = Math.max(...candidates.map(({ expected }) => expected?.deviation ?? 0));
  return candidates.map((candidate) => {
    // The leader's own entry is nought: it is as far from the others as they are from it.
    const deviation = candidate.expected === undefined || candidate.expected.deviation < 1e-9 ? apart : candidate.expected.deviation;
    const prior = deviation ** 2 / 2;
    const noise = unsharedNoise * candidate.standardError ** 2;
    const weight = prior + noise > 0 ? prior / (prior + noise) : 1;
    const before = (candidate.expected?.score ?? candidate.score) - expectedMean;
    return { candidate, score: observedMean + before + weight * (candidate.score - observedMean - before), error: Math.sqrt(weight * noise) };
  });
}

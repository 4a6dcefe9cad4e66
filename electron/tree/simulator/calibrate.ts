import type { Recipe } from "../../contract/index.js";
import { createRandom, deriveSeed, standardDeviation } from "../../stats/index.js";
import { fromUnit, toUnit } from "../numbers/unit-scale.js";
import type { RecipeFacts } from "../recipes/facts.js";
import { initialRecipe } from "../recipes/initial-recipe.js";
import type { Constants } from "./scenario/family-fields.js";
import { pointOf, type Loss } from "./effects/loss-surface.js";
import { createSmoothField } from "./effects/smooth-field.js";

/** The two parts of a score that loss does not explain, each scaled so that the family's correlation comes out. */
export interface Calibration {
  /** Log-odds that this recipe does better than its loss says. */
  deviation(point: readonly number[]): number;
  /** Log-odds by which a pilot of this fraction is off. */
  pilotShift(point: readonly number[], fraction: number): number;
}

const probes = 96;
/** Numbers: a third of the range; switches weigh less. */
const lengthScales = [0.35, 0.5, 0.5, 0.7, 0.7, 0.5, 1.5, 1.2, 1.5, 1.5, 1.5, 1.5];
/** What a short training gets wrong hangs on the rate, the length and the schedule; dropout and rank pay late. */
const pilotScales = [0.3, 0.6, 0.4, 0.6, 2, 0.8, 0.8, 2, 3, 3, 3, 3];
/** The fraction at which the correlation is stated. */
const statedFraction = 0.25;

/**
 * Correlations are those over recipes like the published ones, which differ in rate and rank: rates within a decade of the
 * best, any rank and batch, and epochs within a factor of two of the default. A smooth field of size s beside a score of spread v leaves a correlation of v / sqrt(v^2 + s^2).
 */
export function createCalibration(constants: Constants, facts: RecipeFacts, measure: (recipe: Recipe) => { readonly odds: number; readonly loss: Loss } | null, seed: number): Calibration {
  const field = createSmoothField(seed, "loss-to-score", lengthScales);
  const pilotField = createSmoothField(seed, "pilot", pilotScales);
  const random = createRandom(deriveSeed(seed, "probes"));
  const best = toUnit("learningRate", constants.bestLearningRate);
  const decade = toUnit("learningRate", 1e-4) - toUnit("learningRate", 1e-5);
  const recipes = Array.from({ length: probes }, () => probe(initialRecipe(facts), best + decade * (2 * random() - 1), random));
  const measured = recipes.flatMap((recipe) => {
    const result = measure(recipe);
    return result === null || result.loss.decadesToCliff < 0 ? [] : [{ odds: result.odds, point: pointOf(recipe) }];
  });
  const size = (correlation: number, spread: number, ofField: number): number => (ofField > 0 ? (spread * Math.sqrt(1 / correlation ** 2 - 1)) / ofField : 0);
  const spreadOf = (values: readonly number[]): number => (values.length < 8 ? 0 : standardDeviation(values));
  const deviationSize = size(constants.lossCorrelation, spreadOf(measured.map(({ odds }) => odds)), spreadOf(measured.map(({ point }) => field(point))));
  const full = measured.map(({ odds, point }) => odds + deviationSize * field(point));
  const pilotSize = size(constants.rungCorrelation, spreadOf(full), spreadOf(measured.map(({ point }) => pilotField(point))));
  return {
    deviation: (point) => deviationSize * field(point),
    pilotShift: (point, fraction) => pilotSize * Math.sqrt(Math.max(0, 1 - fraction) / (1 - statedFraction)) * pilotField(point) - constants.logOddsPerNat * pilotDrop * constants.trainableNats * (1 - fraction),
  };
}

/** A pilot has learned less: so much of what can be learned at all is missing at fraction 0. */
const pilotDrop = 0.15;

function probe(recipe: Recipe, rateUnit: number, random: () => number): Recipe {
  const training = recipe.training;
  if (training === null) return recipe;
  const rank = Math.max(1, Math.round(fromUnit("rank", random())));
  const epochs = training.epochs * 2 ** (2 * random() - 1);
  return { ...recipe, training: { ...training, learningRate: fromUnit("learningRate", rateUnit), rank, alpha: 2 * rank, epochs, tokensPerStep: Math.round(fromUnit("tokensPerStep", random())) } };
}

import type { Recipe, Training } from "../../../contract/index.js";
import { createRandom, deriveSeed } from "../../../stats/index.js";
import { toUnit } from "../../numbers/unit-scale.js";
import type { TrainingRows } from "./data-effects.js";
import type { Constants } from "../scenario/family-fields.js";
import type { Tensors } from "./tensors.js";

export interface Loss {
  /** Nats above the best there is. */
  readonly excess: number;
  /** Parts of it that a loss curve shows. */
  readonly underfit: number;
  readonly overfit: number;
  /** Decades between this rate and the one at which training diverges; negative: it does. */
  readonly decadesToCliff: number;
  /** Passes over the rows, those of a parent's adapter included as far as they last. */
  readonly passes: number;
}

export type LossSurface = (training: Training, rows: TrainingRows, parentPasses: number | null) => Loss;

/** A cosine or linear schedule's mean rate is half of its peak, so a constant one is as hot at half the rate. */
const constantShift = -0.15;
/** An adapter that is trained on wants about half the rate. */
const warmShift = -0.3;
/** Short runs want a higher rate: 15 times the full one against 10 times below a hundred steps (reliability.md 14). */
const shortRunShift = 0.1;
/** Without a warm-up the cliff is so many decades nearer. */
const coldCliff = 0.1;

export function createLossSurface(constants: Constants, tensors: Tensors, allRows: number, seed: number): LossSurface {
  const ridges = createRidges(constants, seed);
  return (training, rows, parentPasses) => {
    const passes = training.epochs + (parentPasses === null ? 0 : constants.warmStartCarry * parentPasses);
    const rowShare = rows.usefulRows / allRows;
    // alpha / rank scales the adapter's output; the update of a product of two matrices grows with its root.
    const rate = Math.log10(training.learningRate) + 0.5 * Math.log10(training.alpha / training.rank / 2);
    const batchShift = constants.batchExponent * Math.log10(training.tokensPerStep / 2048);
    const schedule = training.schedule === "constant" ? constantShift : 0;
    const steps = (training.epochs / 2) * rowShare * (2048 / training.tokensPerStep);
    const best = Math.log10(constants.bestLearningRate) + batchShift + schedule + (parentPasses === null ? 0 : warmShift) - shortRunShift * Math.log10(Math.min(10, Math.max(0.1, steps)));
    const cliff = Math.log10(Math.max(constants.cliffLearningRate, 1.3 * constants.bestLearningRate)) + 0.5 * batchShift - (training.warmupFraction < 0.02 ? coldCliff : 0) - 0.1 * Math.log10(training.rank / 16);

    const needed = constants.passesNeeded / Math.sqrt(rowShare);
    const underfit = (constants.underfitCost * Math.log1p((needed / passes) ** 2)) / Math.LN2;
    const mostPasses = constants.overfitAfter * Math.sqrt(rowShare) * (16 / tensors.meanRank(training)) ** 0.15 * (1 + Math.min(1, training.dropout / 0.2) + Math.min(1, training.weightDecay / 0.1) / 2);
    const overfit = constants.overfitCost * Math.max(0, Math.log2(passes / mostPasses)) ** 2;
    const targets = training.targets === "attention" ? constants.attentionOnlyCost : training.targets === "mlp" ? constants.mlpOnlyCost : 0;
    const excess =
      constants.rateCurvature * (rate - best) ** 2 +
      constants.batchCost * Math.log2(training.tokensPerStep / constants.bestTokensPerStep) ** 2 +
      (training.schedule === "linear" ? constants.linearScheduleCost : training.schedule === "constant" ? constants.constantScheduleCost : 0) +
      constants.warmupCost * ((training.warmupFraction - 0.05) / 0.2) ** 2 +
      tensors.excess(training, rows.usefulRows) + targets + underfit + overfit +
      constants.dropoutCost * ((training.dropout - constants.bestDropout) / 0.1) ** 2 +
      constants.weightDecayCost * ((training.weightDecay - constants.bestWeightDecay) / 0.05) ** 2 +
      ridges(training, rows.usefulRows) + rows.excess;
    return { excess, underfit, overfit, decadesToCliff: cliff - rate, passes };
  };
}

/** Numbers that must fit each other: off a slanted line in the plane of two of them the loss rises. */
function createRidges(constants: Constants, seed: number): (training: Training, usefulRows: number) => number {
  const random = createRandom(deriveSeed(seed, "ridges"));
  const ridge = (): { angle: number; at: number } => ({ angle: (random() < 0.5 ? 1 : -1) * Math.PI * (0.15 + 0.2 * random()), at: 0.5 * (random() - 0.5) });
  const [rateWithBatch, epochsWithRows, rankWithRows] = [ridge(), ridge(), ridge()];
  const off = ({ angle, at }: { angle: number; at: number }, first: number, second: number): number => Math.cos(angle) * (first - 0.5) + Math.sin(angle) * (second - 0.5) - at;
  return (training, usefulRows) => {
    if (constants.interactionCost === 0) return 0;
    const amount = Math.min(1, Math.max(0, Math.log10(usefulRows / 50) / 3));
    return constants.interactionCost * (
      5 * off(rateWithBatch, toUnit("learningRate", training.learningRate), toUnit("tokensPerStep", training.tokensPerStep)) ** 2 +
      5 * off(epochsWithRows, toUnit("epochs", training.epochs), amount) ** 2 +
      5 * off(rankWithRows, toUnit("rank", training.rank), amount) ** 2
    );
  };
}

/** A recipe's place for the smooth random parts: numbers in their unit range, switches as steps. */
export function pointOf(recipe: Recipe): number[] {
  const { training, data } = recipe;
  if (training === null) return [];
  const has = (operator: string): number => (data.some((each) => each.operator === operator) ? 1 : 0);
  return [
    toUnit("learningRate", training.learningRate), toUnit("rank", training.rank), toUnit("epochs", training.epochs), toUnit("dropout", training.dropout),
    toUnit("weightDecay", training.weightDecay), toUnit("tokensPerStep", training.tokensPerStep),
    training.schedule === "cosine" ? 0 : training.schedule === "linear" ? 0.5 : 1, training.targets === "all" ? 0 : training.targets === "mlp" ? 0.5 : 1,
    has("drop-long"), has("balance-answers"), has("deduplicate"), has("drop-conflicts"),
  ];
}

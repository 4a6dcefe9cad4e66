import type { Recipe } from "../contract/index.js";
import { createRandom, deriveSeed, normalQuantile, randomNormal } from "../stats/index.js";

/**
 * A make-believe fine-tuning problem, to test and compare search policies in milliseconds. Shapes follow what was fitted
 * on 548 published sweeps (reliability.md 15): a loss that is a parabola in log10 of the learning rate, a cliff not far
 * above the optimum, little effect of the rank, more of the data, and binomial noise that is larger than most effects.
 */
export interface Landscape {
  readonly baseScore: number;
  readonly itemCount: number;
  /** Probability of a right answer with this recipe; null where training diverges or does not fit. */
  trueScore(recipe: Recipe): number | null;
  /** Right (1) or wrong (0) for each item, or null as above. Items are as hard in every node: scores are paired. */
  items(recipe: Recipe, random: () => number): readonly number[] | null;
}

/** Share of an item's outcome that lies in the item itself: the error correlation of reliability.md 5. */
const itemCorrelation = 0.5;

export function createLandscape(seed: number, itemCount = 200): Landscape {
  const random = createRandom(deriveSeed(seed, "landscape"));
  const between = (low: number, high: number): number => low + (high - low) * random();
  const baseScore = between(0.1, 0.35);
  const ceiling = between(0.8, 0.95);
  const bestLogRate = between(-4, -2.5);
  const rateCurvature = between(0.25, 0.7);
  const cliffLogRate = bestLogRate + between(0.7, 1.1);
  const bestLogTokens = between(Math.log2(700), Math.log2(6000));
  const neededRank = 2 ** between(2, 5.5);
  const passesNeeded = between(1, 3);
  const passesHarmful = passesNeeded * between(2, 4);
  const targetLoss = { all: 0, mlp: between(0.02, 0.12), attention: between(0.05, 0.25) };
  const conflictLoss = between(0, 0.15);
  const repeatLoss = between(0, 0.06);
  const longGain = between(-0.05, 0.08);
  const balanceGain = between(-0.06, 0.1);
  const instructionGain = between(0, 0.12);
  const shotGain = between(-0.05, 0.06);
  const bestDropout = between(0, 0.12);
  const memoryLimit = between(60, 400) * 2048;
  const difficulty = Array.from({ length: itemCount }, () => randomNormal(random));

  const trueScore = (recipe: Recipe): number | null => {
    const { training, prompt, data } = recipe;
    const prompted = (prompt.system === null ? 0 : instructionGain) + (prompt.fewShot > 0 ? shotGain : 0);
    if (training === null) return clampRate(baseScore + prompted);
    const logRate = Math.log10(training.learningRate);
    if (logRate > cliffLogRate || training.rank * training.tokensPerStep > memoryLimit) return null;
    const operators = new Map(data.map((each) => [each.operator, each]));
    const sample = operators.get("sample");
    const share = sample?.operator === "sample" ? sample.fraction : 1;
    const passes = training.epochs * share * (training.warmStartFrom === null ? 1 : 2);
    const penalty =
      rateCurvature * (logRate - bestLogRate) ** 2 +
      0.03 * (Math.log2(training.tokensPerStep) - bestLogTokens) ** 2 +
      0.06 * Math.max(0, Math.log2(neededRank / training.rank)) +
      0.5 * Math.max(0, Math.log2(passesNeeded / passes)) ** 2 +
      0.3 * Math.max(0, Math.log2(passes / passesHarmful)) +
      0.08 * (1 - share) +
      3 * (training.dropout - bestDropout) ** 2 +
      targetLoss[training.targets] +
      (operators.has("drop-conflicts") ? 0 : conflictLoss) +
      (operators.has("deduplicate") ? 0 : repeatLoss) -
      (operators.has("drop-long") ? longGain : 0) -
      (operators.has("balance-answers") ? balanceGain : 0) -
      prompted / 2;
    return clampRate(baseScore + (ceiling - baseScore) * Math.exp(-Math.max(0, penalty)));
  };

  return {
    baseScore,
    itemCount,
    trueScore,
    items(recipe, itemRandom) {
      const rate = trueScore(recipe);
      if (rate === null) return null;
      const threshold = normalQuantile(rate);
      const shared = Math.sqrt(itemCorrelation);
      const own = Math.sqrt(1 - itemCorrelation);
      return difficulty.map((hard) => (shared * hard + own * randomNormal(itemRandom) < threshold ? 1 : 0));
    },
  };
}

const clampRate = (rate: number): number => Math.min(0.995, Math.max(0.005, rate));


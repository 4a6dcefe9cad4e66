import type { Failure, Recipe, Training } from "../contract/index.js";

export interface Repair {
  readonly recipe: Recipe;
  /** One plain sentence for the journal and the screen. */
  readonly reason: string;
}

const leastTokensPerStep = 256;
const leastRank = 2;
const leastSequenceTokens = 64;
const leastEpochs = 0.05;
const leastLearningRate = 1e-6;

/** The next step towards a smaller footprint, in the order in which it costs quality; null when nothing is left to give. */
export function shrinkForMemory(recipe: Recipe): Repair | null {
  const training = recipe.training;
  if (training === null) return null;
  if (training.tokensPerStep / 2 >= leastTokensPerStep) {
    const tokensPerStep = Math.floor(training.tokensPerStep / 2);
    return repaired(recipe, training, { tokensPerStep }, `It did not fit the memory: ${tokensPerStep} tokens per step instead of ${training.tokensPerStep}.`);
  }
  if (training.rank / 2 >= leastRank) {
    const rank = Math.floor(training.rank / 2);
    // alpha / rank is the adapter's scale, so alpha follows; a parent's adapter of another rank cannot be continued.
    return repaired(recipe, training, { rank, alpha: Math.max(1, (training.alpha / training.rank) * rank), ranks: {}, warmStartFrom: null }, `It did not fit the memory: rank ${rank} instead of ${training.rank}.`);
  }
  if (training.maxSequenceTokens / 2 >= leastSequenceTokens) {
    const maxSequenceTokens = Math.floor(training.maxSequenceTokens / 2);
    return repaired(recipe, training, { maxSequenceTokens }, `It did not fit the memory: rows of at most ${maxSequenceTokens} tokens instead of ${training.maxSequenceTokens}.`);
  }
  return null;
}

/** Fewer epochs so that the training takes `share` of its time; null when less than the smallest training would be left. */
export function shrinkForTime(recipe: Recipe, share: number, reason: string): Repair | null {
  const training = recipe.training;
  if (training === null) return null;
  const epochs = Math.floor(training.epochs * share * 1000) / 1000;
  return epochs < leastEpochs ? null : repaired(recipe, training, { epochs }, `${reason} ${epochs} epochs instead of ${training.epochs}.`);
}

/** The one mechanical repair a failure class allows; null for failures no change of numbers can mend. */
export function repairFor(failure: Failure, recipe: Recipe): Repair | null {
  const training = recipe.training;
  if (training === null) return null;
  switch (failure.class) {
    case "OOM":
      return shrinkForMemory(recipe);
    case "DIVERGED": {
      const learningRate = training.learningRate / 3;
      return learningRate < leastLearningRate ? null : repaired(recipe, training, { learningRate }, `The training diverged: a learning rate of ${learningRate.toPrecision(3)} instead of ${training.learningRate.toPrecision(3)}.`);
    }
    case "TIMEOUT":
      return shrinkForTime(recipe, 0.5, "The training ran out of time:");
    case "CONFIG":
    case "DATA":
    case "ENV":
    case "CANCELLED":
    case "INTERNAL":
      return null;
  }
}

export function repaired(recipe: Recipe, training: Training, change: Partial<Training>, reason: string): Repair {
  return { recipe: { ...recipe, training: { ...training, ...change } }, reason };
}

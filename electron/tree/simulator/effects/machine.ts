import type { Training } from "../../../contract/index.js";
import type { RecipeFacts } from "../../recipes/facts.js";
import { defaultTraining } from "../../recipes/initial-recipe.js";
import type { TrainingRows } from "./data-effects.js";
import type { Constants } from "../scenario/family-fields.js";
import type { Tensors } from "./tensors.js";

/** What a recipe asks of the simulated machine. */
export interface Machine {
  /** Over what there is: more than 1 does not fit. */
  memoryShare(training: Training, rows: TrainingRows, promptTokens: number): number;
  /** GPU milliseconds of training itself, start not included. */
  trainMs(training: Training, rows: TrainingRows, promptTokens: number, fraction: number): number;
  itemMs(promptTokens: number): number;
  readonly startMs: number;
  readonly timeoutMs: number;
}

/** Shares of the default recipe's memory beyond the weights: adapter with optimiser states, activations of a step, longest sequence. */
const adapterShare = 0.35;
const stepShare = 0.35;
const sequenceShare = 0.3;
const targetSize = { all: 1, mlp: 0.65, attention: 0.35 } as const;
/** Backward passes of the weights that are not adapted still carry gradients through: little is saved. */
const targetTime = { all: 1, mlp: 0.9, attention: 0.82 } as const;
/** A prompt's tokens are read once and the answer is written token by token: a prompt as long as a row adds so much to an answer's time. */
const promptShare = 0.35;

export function createMachine(facts: RecipeFacts, constants: Constants, tensors: Tensors): Machine {
  const standard = defaultTraining(facts);
  return {
    startMs: 1000 * constants.startSeconds,
    timeoutMs: 1000 * constants.timeoutRatio * constants.trainSeconds,
    memoryShare(training, rows, promptTokens) {
      const sequence = Math.min(training.maxSequenceTokens, rows.longestTokens + promptTokens);
      const use =
        (adapterShare * tensors.meanRank(training) * targetSize[training.targets]) / standard.rank +
        (stepShare * training.tokensPerStep) / standard.tokensPerStep +
        (sequenceShare * sequence) / Math.min(facts.longestTokens, standard.maxSequenceTokens);
      return use / constants.memoryRoom;
    },
    trainMs(training, rows, promptTokens, fraction) {
      const work = rows.tokenShare + ((rows.rows / facts.trainRows) * promptTokens) / constants.meanTokens;
      // Larger adapters and smaller steps use the card a little worse.
      const rankTime = 1 + 0.03 * Math.log2(tensors.meanRank(training) / standard.rank);
      const stepTime = 1 + 0.06 * Math.max(0, Math.log2(standard.tokensPerStep / training.tokensPerStep));
      return 1000 * constants.trainSeconds * (training.epochs / standard.epochs) * fraction * work * rankTime * stepTime * targetTime[training.targets];
    },
    itemMs: (promptTokens) => 1000 * constants.itemSeconds * (1 + (promptShare * promptTokens) / constants.meanTokens),
  };
}

/** One constant of a family: what a scenario file may say about it, and what holds when it says nothing. */
export interface FamilyField {
  readonly group: string;
  readonly minimum: number;
  readonly maximum: number;
  /** Drawn evenly in the logarithm. */
  readonly log?: true;
  readonly standard: number | readonly [low: number, high: number];
  /** Unit, meaning and, where there is one, the source of the standard range. */
  readonly about: string;
}

/**
 * Every constant of a simulated task. A problem draws each one evenly from the family's range. "R15" and the like are
 * sections of the field notes on reliability: R15 holds what was fitted on 548 published supervised fine-tuning runs of
 * 35 models (tulu3, batch 128, 780 steps). Nats are of loss on held-out answers; log-odds are of a right answer.
 */
export const familyFields = {
  baseScore: { group: "task", minimum: 0.005, maximum: 0.99, standard: [0.2, 0.5], about: "rate of right answers of the bare model" },
  trainableNats: { group: "task", minimum: 0, maximum: 5, standard: [0.15, 0.4], about: "nats that the best training takes off the bare model's loss" },
  logOddsPerNat: { group: "task", minimum: 0, maximum: 50, standard: [4, 8], about: "log-odds of a right answer for each of these nats" },
  lossCorrelation: { group: "task", minimum: 0.05, maximum: 1, standard: [0.3, 0.8], about: "correlation of log-odds with loss over recipes within a decade of the best rate (R15: .3 to .8)" },

  bestLearningRate: { group: "learning rate", minimum: 1e-6, maximum: 3e-2, log: true, standard: [1.5e-4, 1.07e-3], about: "optimum at 2,048 tokens a step (R15: 4e-4; the range is even around it in the logarithm, its upper end of 6e-3 is an extrapolation past the cliff)" },
  rateCurvature: { group: "learning rate", minimum: 0, maximum: 5, log: true, standard: [0.0078, 0.0258], about: "nats for a squared decade off the optimum (R15: .0127, half of the models within .0078 to .0258; one decade off cost a 1B model .077)" },
  cliffLearningRate: { group: "learning rate", minimum: 1e-6, maximum: 1, log: true, standard: [1e-3, 4e-3], about: "rate at which training diverges (R15: 72 of the 80 runs that diverged were at 3e-3; about one run in seven diverged)" },
  seedNoise: { group: "learning rate", minimum: 0, maximum: 1, standard: 0.00013, about: "standard deviation of the loss between seeds, nats (R15: .00013)" },
  cliffNoise: { group: "learning rate", minimum: 0, maximum: 1, standard: 0.008, about: "two standard deviations of it at the cliff's edge, nats (R15: up to .008)" },
  batchExponent: { group: "learning rate", minimum: -2, maximum: 2, standard: 0.5, about: "best rate grows with tokens per step to this power (R14: square root)" },
  batchCost: { group: "learning rate", minimum: 0, maximum: 1, standard: [0.0004, 0.002], about: "nats for a squared doubling of the tokens per step off their optimum" },
  bestTokensPerStep: { group: "learning rate", minimum: 64, maximum: 131_072, log: true, standard: [700, 4000], about: "tokens per step with the least loss (R14: small batches suit LoRA)" },
  linearScheduleCost: { group: "learning rate", minimum: -1, maximum: 1, standard: [-0.002, 0.002], about: "nats of a linear against a cosine schedule" },
  constantScheduleCost: { group: "learning rate", minimum: -1, maximum: 1, standard: [-0.002, 0.004], about: "nats of a constant against a cosine schedule (R14: a constant rate is fine)" },
  warmupCost: { group: "learning rate", minimum: 0, maximum: 1, standard: [0, 0.002], about: "nats for a warm-up a fifth of the training too long" },

  rankScale: { group: "capacity", minimum: 0, maximum: 200, standard: [0.7, 1.5], about: "multiplies the published cost of a small rank (R15: rank 4 costs .0049 nats, 16 costs .0018, against 64 and more)" },
  rankDataExponent: { group: "capacity", minimum: -2, maximum: 2, standard: 0.3, about: "cost of a small rank grows with the rows, over 2,000, to this power" },
  rankUnevenness: { group: "capacity", minimum: 0, maximum: 3, standard: [0.4, 1], about: "spread, in natural logarithms, of how much rank single tensors need: what moving rank can gain" },
  attentionOnlyCost: { group: "capacity", minimum: -1, maximum: 5, standard: [0.005, 0.03], about: "nats of adapting attention only (R14: attention only loses)" },
  mlpOnlyCost: { group: "capacity", minimum: -1, maximum: 5, standard: [0.001, 0.012], about: "nats of adapting the MLP only (R14: all > MLP > attention)" },

  passesNeeded: { group: "duration", minimum: 0.05, maximum: 50, log: true, standard: [0.8, 2.5], about: "passes over the data at which training too short costs `underfitCost`" },
  underfitCost: { group: "duration", minimum: 0, maximum: 5, standard: [0.01, 0.03], about: "nats; three times less at twice the passes, 2.3 times more at half of them" },
  overfitAfter: { group: "duration", minimum: 0.1, maximum: 200, log: true, standard: [4, 9], about: "passes after which more of them hurt; fewer with fewer rows or a larger rank" },
  overfitCost: { group: "duration", minimum: 0, maximum: 5, standard: [0.01, 0.05], about: "nats for a squared doubling of the passes beyond that" },
  bestDropout: { group: "duration", minimum: 0, maximum: 0.5, standard: [0, 0.1], about: "dropout with the least loss" },
  dropoutCost: { group: "duration", minimum: 0, maximum: 5, standard: [0.0005, 0.004], about: "nats for .1 of dropout off it, squared" },
  bestWeightDecay: { group: "duration", minimum: 0, maximum: 0.5, standard: [0, 0.05], about: "weight decay with the least loss" },
  weightDecayCost: { group: "duration", minimum: 0, maximum: 5, standard: [0, 0.002], about: "nats for .05 of weight decay off it, squared" },
  interactionCost: { group: "duration", minimum: 0, maximum: 20, standard: [0, 0.005], about: "nats of three ridges: rate with batch, epochs with rows, rank with rows; each five times the cost for a squared range off its ridge" },
  warmStartCarry: { group: "duration", minimum: 0, maximum: 1, standard: [0.6, 0.95], about: "share of the parent's passes that an adapter trained on keeps" },

  rows: { group: "data", minimum: 20, maximum: 1_000_000, log: true, standard: [1200, 4000], about: "training rows" },
  duplicateShare: { group: "data", minimum: 0, maximum: 0.9, standard: [0, 0.08], about: "share of rows that repeat another" },
  duplicateCost: { group: "data", minimum: -1, maximum: 5, standard: [0, 0.008], about: "nats while they are not removed" },
  conflictShare: { group: "data", minimum: 0, maximum: 0.9, standard: [0, 0.04], about: "share of rows that contradict another" },
  conflictCost: { group: "data", minimum: -1, maximum: 5, standard: [0, 0.02], about: "nats while they are not removed" },
  longRowsCost: { group: "data", minimum: -1, maximum: 5, standard: [-0.008, 0.008], about: "nats of the longest twentieth of the rows (R7: length filtering may help); negative: they are worth having" },
  bestBalance: { group: "data", minimum: 0.05, maximum: 1, standard: [0.3, 0.8], about: "strength of balancing with the largest gain" },
  balanceGain: { group: "data", minimum: -1, maximum: 5, standard: [-0.006, 0.012], about: "nats gained by balancing answers at that strength" },
  amountCost: { group: "data", minimum: 0, maximum: 5, standard: [0.01, 0.04], about: "nats lost with half of the rows" },
  meanTokens: { group: "data", minimum: 4, maximum: 100_000, log: true, standard: [80, 250], about: "tokens of an average row" },
  longestRatio: { group: "data", minimum: 1, maximum: 100, log: true, standard: [2, 5], about: "longest row over the average one" },
  shotRatio: { group: "data", minimum: 0, maximum: 50, standard: [1, 2], about: "longest worked example over an average row; 0: none can be shown" },

  instructionGain: { group: "prompt", minimum: -5, maximum: 5, standard: [0, 0.6], about: "log-odds of the task in the system prompt (R15 has none; PostTrainBench's few-shot base gained 10.6 points over zero-shot)" },
  wordings: { group: "prompt", minimum: 0, maximum: 4, standard: [1, 3], about: "other wordings of the instruction at hand" },
  wordingSpread: { group: "prompt", minimum: 0, maximum: 3, standard: [0.05, 0.3], about: "standard deviation between wordings, log-odds" },
  formatRulesGain: { group: "prompt", minimum: -5, maximum: 5, standard: [0, 0.5], about: "log-odds of describing the answer's format" },
  shotsGain: { group: "prompt", minimum: -5, maximum: 5, standard: [-0.1, 0.7], about: "log-odds of many worked examples; four give 86 % of it" },
  similarGain: { group: "prompt", minimum: -5, maximum: 5, standard: [-0.1, 0.4], about: "further log-odds when they are the most similar ones" },
  coverageGain: { group: "prompt", minimum: -5, maximum: 5, standard: [-0.1, 0.3], about: "further log-odds when they cover the kinds of answers" },
  promptOverlap: { group: "prompt", minimum: 0, maximum: 1.5, standard: [0.7, 1], about: "share of the prompt's gain that complete training replaces" },
  trainedPromptGain: { group: "prompt", minimum: -5, maximum: 5, standard: [0, 0.1], about: "log-odds of having a system prompt in training besides" },

  forgetting: { group: "forgetting", minimum: 0, maximum: 20, standard: [0, 0.3], about: "log-odds lost by training ten times as hard as is harmless (learning rate x passes x rank to .3)" },
  forgettingAfter: { group: "forgetting", minimum: 0.01, maximum: 1000, log: true, standard: [3, 12], about: "harmless hardness, in units of two passes at 3e-4 with rank 16" },
  forgettingSeen: { group: "forgetting", minimum: 0, maximum: 1, standard: [0.3, 0.8], about: "share of the loss that dev-search and dev-select show; the vault shows all of it" },

  memoryRoom: { group: "machine", minimum: 0.5, maximum: 1000, log: true, standard: [1.8, 6], about: "memory over what the default recipe takes: beyond it training fails for lack of memory" },
  trainSeconds: { group: "machine", minimum: 0.1, maximum: 1_000_000, log: true, standard: [50, 90], about: "seconds of GPU that the default recipe trains" },
  itemSeconds: { group: "machine", minimum: 0, maximum: 1000, standard: [0.03, 0.08], about: "seconds of GPU for one answer without a prompt" },
  startSeconds: { group: "machine", minimum: 0, maximum: 10_000, standard: [3, 6], about: "seconds before the first step: planning, data, micro-steps; what running out of memory costs" },
  timeoutRatio: { group: "machine", minimum: 0.1, maximum: 1000, standard: [6, 12], about: "training longer than so many default trainings is stopped" },
  rungCorrelation: { group: "machine", minimum: 0.05, maximum: 1, standard: [0.7, 0.95], about: "correlation of a quarter training's true score with the full one's, over the same recipes (R14: ASHA fails below about .6)" },
  itemCorrelation: { group: "machine", minimum: 0, maximum: 0.99, standard: 0.5, about: "share of an item's outcome that lies in the item (R5: error correlation .5)" },
} as const satisfies Record<string, FamilyField>;
export type FamilyFieldName = keyof typeof familyFields;
export const familyFieldNames = Object.keys(familyFields) as readonly FamilyFieldName[];

/** The constants of one problem. */
export type Constants = Readonly<Record<FamilyFieldName, number>>;

import { z } from "zod";

/** A recipe is data, never code: everything an experiment may change, with its bounds. */
export const loraTargets = ["attention", "mlp", "all"] as const;
export const schedules = ["cosine", "linear", "constant"] as const;

export const dataOperatorSchema = z.discriminatedUnion("operator", [
  z.object({ operator: z.literal("deduplicate") }),
  z.object({ operator: z.literal("drop-long"), longestPercentile: z.number().min(50).max(100) }),
  z.object({ operator: z.literal("drop-conflicts") }),
  z.object({ operator: z.literal("sample"), fraction: z.number().min(0.05).max(1) }),
  z.object({ operator: z.literal("balance-answers"), strength: z.number().min(0).max(1) }),
]);
export type DataOperator = z.infer<typeof dataOperatorSchema>;

export const trainingSchema = z.object({
  learningRate: z.number().min(1e-6).max(3e-2),
  rank: z.number().int().min(1).max(256),
  /** alpha / rank is the scale llama.cpp applies. */
  alpha: z.number().min(1).max(1024),
  targets: z.enum(loraTargets),
  epochs: z.number().min(0.05).max(50),
  schedule: z.enum(schedules),
  warmupFraction: z.number().min(0).max(0.5),
  weightDecay: z.number().min(0).max(0.5),
  dropout: z.number().min(0).max(0.5),
  tokensPerStep: z.number().int().min(64).max(131072),
  maxSequenceTokens: z.number().int().min(16).max(131072),
  /** Ranks of single tensors ("blk.3.attn_q"); the others have `rank`. alpha / rank stays the scale of all of them. */
  ranks: z.record(z.string().regex(/^blk\.\d{1,4}\.[a-z_]{2,32}$/), z.number().int().min(1).max(256)).default({}),
  /** Start from this node's adapter instead of from nothing. */
  warmStartFrom: z.string().nullable(),
});
export type Training = z.infer<typeof trainingSchema>;

export const shotSelections = ["fixed", "similar", "coverage"] as const;

export const promptSchema = z.object({
  /** null: the rows' own system message, if any. */
  system: z.string().max(4000).nullable(),
  /** Worked examples from the training split put before the question. */
  fewShot: z.number().int().min(0).max(16),
  /** Which: one set for all questions, the most similar to each question, or one set that covers the kinds of answers and questions. */
  shotSelection: z.enum(shotSelections).default("fixed"),
});
export type Prompt = z.infer<typeof promptSchema>;

export const recipeSchema = z.object({
  data: z.array(dataOperatorSchema).max(8),
  prompt: promptSchema,
  /** null: the base model as it is. */
  training: trainingSchema.nullable(),
  seed: z.number().int().nonnegative(),
});
export type Recipe = z.infer<typeof recipeSchema>;

export const axes = ["baseline", "prompt", "data", "optimization", "capacity", "duration", "regularization", "warm-start", "seed"] as const;
export type Axis = (typeof axes)[number];

/** The numbers the optimiser owns. Bounds are hard; `log` means it searches in the logarithm. */
export const numericFields = {
  learningRate: { minimum: 1e-5, maximum: 1e-2, log: true, integer: false },
  rank: { minimum: 2, maximum: 64, log: true, integer: true },
  epochs: { minimum: 0.25, maximum: 8, log: true, integer: false },
  dropout: { minimum: 0, maximum: 0.2, log: false, integer: false },
  weightDecay: { minimum: 0, maximum: 0.1, log: false, integer: false },
  tokensPerStep: { minimum: 512, maximum: 8192, log: true, integer: true },
} as const satisfies Record<string, { minimum: number; maximum: number; log: boolean; integer: boolean }>;
export type NumericField = keyof typeof numericFields;

/**
 * The typed menu both planners choose from. A move names an axis and the numbers the optimiser then fills in;
 * what a move does to a recipe is code in `tree/moves.ts`, never text.
 */
export const moves = {
  "learning-rate": { axis: "optimization", numbers: ["learningRate"], title: "Try another learning rate" },
  "batch-size": { axis: "optimization", numbers: ["tokensPerStep"], title: "Change the tokens per step" },
  "schedule": { axis: "optimization", numbers: [], title: "Change the learning-rate schedule" },
  "rank": { axis: "capacity", numbers: ["rank"], title: "Change the adapter's rank" },
  "targets-all": { axis: "capacity", numbers: [], title: "Adapt every linear layer" },
  "targets-attention": { axis: "capacity", numbers: [], title: "Adapt the attention layers only" },
  "targets-mlp": { axis: "capacity", numbers: [], title: "Adapt the MLP layers only" },
  "train-longer": { axis: "duration", numbers: ["epochs"], title: "Train for more epochs" },
  "train-shorter": { axis: "duration", numbers: ["epochs"], title: "Train for fewer epochs" },
  "dropout": { axis: "regularization", numbers: ["dropout"], title: "Change the dropout" },
  "weight-decay": { axis: "regularization", numbers: ["weightDecay"], title: "Change the weight decay" },
  "deduplicate": { axis: "data", numbers: [], title: "Remove repeated rows" },
  "drop-conflicts": { axis: "data", numbers: [], title: "Remove rows that contradict each other" },
  "drop-long": { axis: "data", numbers: [], title: "Remove the longest rows" },
  "balance-answers": { axis: "data", numbers: [], title: "Balance rare and common answers" },
  "tune": { axis: "optimization", numbers: ["learningRate", "tokensPerStep", "epochs", "rank", "dropout", "weightDecay"], title: "Let the optimiser set all numbers" },
  "reallocate-rank": { axis: "capacity", numbers: [], title: "Move rank to where it is used" },
  "halve-data": { axis: "data", numbers: [], title: "Train on half of the rows" },
  "instruction": { axis: "prompt", numbers: [], title: "Put the task into the system prompt" },
  "format-rules": { axis: "prompt", numbers: [], title: "Describe the answer's format in the system prompt" },
  "other-wording": { axis: "prompt", numbers: [], title: "Word the instruction differently" },
  "few-shot": { axis: "prompt", numbers: [], title: "Show worked examples in the prompt" },
  "similar-shots": { axis: "prompt", numbers: [], title: "Show the worked examples most like the question" },
  "coverage-shots": { axis: "prompt", numbers: [], title: "Show worked examples that cover the kinds of answers" },
  "train-prompted": { axis: "prompt", numbers: [], title: "Train with the best prompt in the data" },
  "continue-parent": { axis: "warm-start", numbers: ["learningRate"], title: "Continue from the parent's adapter" },
} as const satisfies Record<string, { axis: Axis; numbers: readonly NumericField[]; title: string }>;
export type MoveId = keyof typeof moves;
export const moveIds = Object.keys(moves) as readonly MoveId[] as readonly [MoveId, ...MoveId[]];

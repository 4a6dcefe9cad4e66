import { z } from "zod";
import { cardConditions } from "./card.js";
import { axes, moveIds, recipeSchema } from "./recipe.js";
import { failureClasses } from "./result.js";

/** Estimate with a 95 % interval over n items, both ends in the metric's own unit (0..1 for rates). */
export const estimateSchema = z.object({
  score: z.number(),
  ci: z.tuple([z.number(), z.number()]),
  n: z.number().int(),
});
export type Estimate = z.infer<typeof estimateSchema>;

export const costSchema = z.object({
  trainSeconds: z.number(),
  evalSeconds: z.number(),
  agentSeconds: z.number(),
  totalSeconds: z.number(),
  agentTokens: z.number(),
  energyJoules: z.number().nullable().describe("null: nothing on this machine measures it"),
});
export type Cost = z.infer<typeof costSchema>;

export const nodeKinds = ["baseline", "draft", "improve", "repair", "seed-repeat"] as const;
export const nodeStatuses = ["planned", "running", "done", "pruned", "failed", "cancelled"] as const;
export const verdicts = ["baseline", "gain", "within-noise", "worse", "idea-wrong", "implementation-wrong"] as const;
export const stages = ["plan", "fits", "dry-run", "micro-steps", "pilot", "full", "export", "evaluate", "diagnose"] as const;
export type Stage = (typeof stages)[number];
export type NodeStatus = (typeof nodeStatuses)[number];
export type Verdict = (typeof verdicts)[number];
export type NodeKind = (typeof nodeKinds)[number];

/** Who chose this node's move: the host (baselines, finalists), the house planner, the language model or the user. */
export const deciders = ["host", "house-planner", "language-model", "user"] as const;
export type Decider = (typeof deciders)[number];

/** A hypothesis in a form that can turn out wrong: one figure of the node against its parent's. */
export const predictionSchema = z.object({
  /** "score", "trainLoss", "validationLoss", or a name in `secondary`. */
  figure: z.string().max(40),
  change: z.enum(["up", "down", "same"]),
  /** In the figure's own unit: at least so far up or down; for "same", at most so far either way. */
  by: z.number().nonnegative(),
});
export type Prediction = z.infer<typeof predictionSchema>;

export const candidateSchema = z.object({
  move: z.enum(moveIds),
  probability: z.number().min(0).max(1),
  hypothesis: z.string().max(300),
  /** What `hypothesis` says in words; absent where an older version or the host wrote it. */
  prediction: predictionSchema.optional(),
});
export type Candidate = z.infer<typeof candidateSchema>;

export const planSchema = z.object({
  title: z.string(),
  hypothesis: z.string(),
  /** Which evidence it rests on: node ids, card ids or "rule". */
  evidence: z.array(z.string()),
  move: z.enum(moveIds).nullable(),
  candidates: z.array(candidateSchema),
  /** Why the language model did not decide, when it was asked and did not. */
  fallbackReason: z.string().nullable(),
  /** Numbers, and who set each: the optimiser, or the language model inside bounds. */
  numbers: z.record(z.string(), z.object({ value: z.number(), by: z.enum(["default", "optimiser", "language-model", "repair", "user"]) })),
});
export type Plan = z.infer<typeof planSchema>;

/**
 * How a node came to be, for whoever reads it afterwards: what was known, what was considered with which probability,
 * what the host did and why.
 */
export const decisionSchema = z.object({
  /** Where the search chose to grow, and what else it could have grown from. */
  selection: z.object({
    reason: z.string(),
    considered: z.array(z.object({ nodeId: z.string(), value: z.number().describe("UCT"), mean: z.number(), visits: z.number().int() })).max(12),
  }),
  /** What the planner was given: ids of cards, nodes and hints, and how long its prompt was. */
  known: z.object({ cards: z.array(z.string()), nodes: z.array(z.string()), hints: z.array(z.string()), insights: z.array(z.string()), promptCharacters: z.number().int() }),
  direction: z.object({ axis: z.enum(axes), why: z.string() }).nullable(),
  /** The planner's candidates, its probabilities, and the host's after weighing them by outcome and feasibility. */
  candidates: z.array(z.object({
    move: z.enum(moveIds), planner: z.number(), host: z.number(),
    expectedGain: z.number().nullable(), standardDeviation: z.number().nullable(), feasible: z.number().nullable(),
  })),
  /** What the host did and why, in plain sentences. */
  host: z.array(z.string()),
  /** A language model set a number or went against the optimiser: it may in three of ten nodes. */
  overridden: z.boolean().default(false),
  planner: z.object({ name: z.enum(deciders), prompts: z.array(z.string()), seconds: z.number(), tokens: z.number() }),
});
export type Decision = z.infer<typeof decisionSchema>;

/** How much of its rank a tensor uses, from the singular values of B·A: exp of the entropy of their squares. */
export const spectrumSchema = z.object({ tensor: z.string(), rank: z.number().int(), effectiveRank: z.number() });
export type TensorSpectrum = z.infer<typeof spectrumSchema>;

export const sampleAnswerSchema = z.object({
  prompt: z.string(),
  expected: z.string(),
  answer: z.string(),
  score: z.number(),
});
export type SampleAnswer = z.infer<typeof sampleAnswerSchema>;

/** What kept failing on dev-search, counted by the evaluator: gaps of ability, never an item's text (see planner.ts). */
export const failureClusterSchema = z.object({ label: z.string().max(80), share: z.number().min(0).max(1) });

export const lossPointSchema = z.object({ step: z.number(), loss: z.number(), validation: z.number().optional() });
export type LossPoint = z.infer<typeof lossPointSchema>;

export const memoryPlanSchema = z.object({
  plannedBytes: z.number(),
  actualPeakBytes: z.number().nullable(),
  classes: z.record(z.string(), z.number()),
});
export type MemoryPlan = z.infer<typeof memoryPlanSchema>;

export const nodeSchema = z.object({
  id: z.string(),
  parent: z.string().nullable(),
  kind: z.enum(nodeKinds),
  axis: z.enum(axes),
  decidedBy: z.enum(deciders),
  plan: planSchema,
  /** null: made by the host or the user without a decision, or by a version that kept none. */
  decision: decisionSchema.nullable().default(null),
  recipe: recipeSchema,
  status: z.enum(nodeStatuses),
  stage: z.enum(stages).nullable(),
  /** 0..1 within the stage, null when unknown. */
  progress: z.number().nullable(),
  verdict: z.enum(verdicts).nullable(),
  failure: z.object({ class: z.enum(failureClasses), code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  pilot: estimateSchema.nullable(),
  score: estimateSchema.nullable(),
  /** Paired difference to the prompted base on the same dev-search items. */
  gain: estimateSchema.nullable(),
  finalist: z.object({ score: estimateSchema, seeds: z.number().int() }).nullable(),
  secondary: z.record(z.string(), z.number()),
  cost: costSchema,
  memory: memoryPlanSchema.nullable(),
  insight: z.string().max(200).nullable(),
  hypothesisHeld: z.boolean().nullable(),
  /** What the diagnosis found to hold of this node. */
  conditions: z.array(z.enum(cardConditions)).default([]),
  loss: z.array(lossPointSchema),
  spectra: z.array(spectrumSchema).default([]),
  samples: z.array(sampleAnswerSchema),
  failures: z.array(failureClusterSchema).default([]),
  adapterPath: z.string().nullable(),
  adapterSha256: z.string().nullable(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type TreeNode = z.infer<typeof nodeSchema>;

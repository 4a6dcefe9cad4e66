import { z } from "zod";
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

/** Who chose this node's move: the host (baselines, finalists), the house planner or the language model. */
export const deciders = ["host", "house-planner", "language-model"] as const;
export type Decider = (typeof deciders)[number];

export const candidateSchema = z.object({
  move: z.enum(moveIds),
  probability: z.number().min(0).max(1),
  hypothesis: z.string().max(300),
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
  numbers: z.record(z.string(), z.object({ value: z.number(), by: z.enum(["default", "optimiser", "language-model", "repair"]) })),
});
export type Plan = z.infer<typeof planSchema>;

export const sampleAnswerSchema = z.object({
  prompt: z.string(),
  expected: z.string(),
  answer: z.string(),
  score: z.number(),
});
export type SampleAnswer = z.infer<typeof sampleAnswerSchema>;

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
  loss: z.array(lossPointSchema),
  samples: z.array(sampleAnswerSchema),
  adapterPath: z.string().nullable(),
  adapterSha256: z.string().nullable(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type TreeNode = z.infer<typeof nodeSchema>;

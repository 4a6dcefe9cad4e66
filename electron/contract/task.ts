import { z } from "zod";
import { moveIds } from "./recipe.js";

export const metricNames = ["exact-match", "json-fields", "multiple-choice", "perplexity"] as const;
export type MetricName = (typeof metricNames)[number];

/** What the answers show the model to be good at: it chooses cards and wording, never the metric by itself. */
export const skills = ["extraction", "classification", "question-answering", "generation", "rewriting", "reasoning", "code", "dialogue", "language-modelling"] as const;
export type Skill = (typeof skills)[number];

/** What a user will not have, whatever it would gain. The menu is cut by it. */
export const constraintsSchema = z.strictObject({
  /** Tokens of system prompt and worked examples together; 0: neither. */
  mostPromptTokens: z.number().int().nonnegative().nullable().default(null),
  mostRank: z.number().int().min(1).max(256).nullable().default(null),
  forbiddenMoves: z.array(z.enum(moveIds)).default([]),
  /** Deliver a prompt for the base model only, or an adapter only. */
  deliver: z.enum(["anything", "adapter", "prompt"]).default("anything"),
});
export type Constraints = z.output<typeof constraintsSchema>;

/**
 * What must not get worse: the suites of the regression gate (evaluate/check-regression.ts). general: ordinary requests, and
 * the likelihood of ordinary text; odd-input: nothing to answer, control tokens as text; the others say it themselves.
 */
export const guardNames = ["general", "format", "other-language", "long-input", "odd-input"] as const;
export type GuardName = (typeof guardNames)[number];

/** What a user writes in TASK.yaml, or what `trex run` builds from its flags. Paths are relative to the file. */
export const taskSchema = z.strictObject({
  goal: z.string().min(1).max(4000),
  model: z.string().min(1),
  data: z.string().min(1),
  /** "90s", "10m", "2h", or seconds: wall-clock for the whole run, agents included. */
  budget: z.union([z.string(), z.number().positive()]).default("30m"),
  metric: z.enum(metricNames).optional().describe("inferred from the data when absent"),
  seed: z.number().int().nonnegative().default(1),
  planner: z.enum(["house", "language-model"]).default("house"),
  agentModel: z.string().optional().describe("a GGUF for the language-model planner"),
  maxNodes: z.number().int().min(1).max(10_000).default(200),
  /** Most rows used in dev-search, dev-select and vault; the rest trains. */
  splits: z.strictObject({
    devSearch: z.number().int().min(8).default(200),
    devSelect: z.number().int().min(8).default(200),
    vault: z.number().int().min(8).default(400),
  }).prefault({}),
  maxAnswerTokens: z.number().int().min(1).max(4096).optional(),
  skill: z.enum(skills).optional().describe("inferred from the data when absent"),
  /** A dev-search score that is good enough: the search ends there. */
  target: z.number().min(0).max(1).optional(),
  mustNotGetWorse: z.array(z.enum(guardNames)).default([...guardNames]),
  constraints: constraintsSchema.prefault({}),
  /** Other wordings of the instruction that a prompt may use; a person's or a language model's. */
  instructions: z.array(z.string().min(1).max(2000)).max(4).default([]),
  /** Use the cards made of the user's library, and those of earlier runs. Built-in cards are always used. */
  useLibrary: z.boolean().default(true),
  /** Keep what this run teaches as cards for later runs of the same user. */
  keepInsights: z.boolean().default(false),
  /** Price of a kilowatt-hour; money is shown only when it is set. */
  tariffPerKilowattHour: z.number().positive().optional(),
  threads: z.number().int().nonnegative().default(0),
  /** A dev-search gain of this many standard errors of the paired difference counts as a gain. */
  gainSigmas: z.number().min(0).max(5).default(2),
  /** Override the default recipe's numbers; the demo uses it because a tiny model wants a larger rate. */
  defaults: z.strictObject({
    learningRate: z.number().optional(),
    rank: z.number().int().optional(),
    epochs: z.number().optional(),
    tokensPerStep: z.number().int().optional(),
    maxSequenceTokens: z.number().int().optional(),
  }).prefault({}),
});
export type Task = z.output<typeof taskSchema>;
export type TaskInput = z.input<typeof taskSchema>;

/** The requirement is what the host made of the task: fixed before the first experiment, out of the agents' reach. */
export const requirementSchema = z.object({
  goal: z.string(),
  metric: z.enum(metricNames),
  metricReason: z.string(),
  modelPath: z.string(),
  modelSha256: z.string(),
  modelName: z.string(),
  architecture: z.string(),
  dataPath: z.string(),
  dataSha256: z.string(),
  budgetMs: z.number(),
  seed: z.number(),
  planner: z.enum(["house", "language-model"]),
  agentModelPath: z.string().nullable(),
  maxNodes: z.number(),
  maxAnswerTokens: z.number(),
  maxSequenceTokens: z.number(),
  shotTokens: z.number().describe("longest worked example, in tokens; 0 when there is none to show"),
  gainSigmas: z.number(),
  tariffPerKilowattHour: z.number().nullable(),
  threads: z.number(),
  splitSizes: z.record(z.string(), z.number()),
  skill: z.enum(skills).default("generation"),
  target: z.number().nullable().default(null),
  mustNotGetWorse: z.array(z.enum(guardNames)).default([...guardNames]),
  constraints: constraintsSchema.prefault({}),
  instructions: z.array(z.string()).default([]),
  useLibrary: z.boolean().default(false),
  keepInsights: z.boolean().default(false),
  /** Size of the model file over its weights; null where it is not known. */
  modelBytesPerWeight: z.number().nullable().default(null),
  /** How the answers look, in a sentence made from the training rows; null when they have no common form. */
  formatRules: z.string().nullable().default(null),
});
export type Requirement = z.infer<typeof requirementSchema>;

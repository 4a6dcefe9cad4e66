import { z } from "zod";
import { costSchema, estimateSchema, nodeSchema } from "./node.js";
import { importReportSchema } from "./example.js";
import { recipeChangeSchema } from "./steering.js";
import { guardNames, requirementSchema } from "./task.js";

export const runStatuses = ["preparing", "searching", "finalists", "vault", "done", "paused", "stopped", "failed", "interrupted"] as const;
export type RunStatus = (typeof runStatuses)[number];

export const deliverySchema = z.object({
  /** "base": nothing beat the prompted base model beyond the noise floor, so that is what is delivered. */
  /** "prompt": no adapter beat it, and the base model with this prompt surely beats the bare one. */
  kind: z.enum(["adapter", "prompt", "base"]),
  nodeId: z.string(),
  adapterPath: z.string().nullable(),
  reportPath: z.string(),
  reason: z.string(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** Everything the screen, the report and `trex show --json` know of a run: a fold over its journal. */
export const runViewSchema = z.object({
  runId: z.string(),
  status: z.enum(runStatuses),
  phase: z.string().describe("one plain sentence: what is happening now"),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  requirement: requirementSchema.nullable(),
  importReport: importReportSchema.nullable(),
  nodes: z.array(nodeSchema),
  /** Best node so far on dev-search. */
  bestNodeId: z.string().nullable(),
  /** The prompted base: the best baseline node. */
  baselineNodeId: z.string().nullable(),
  backtracks: z.number().int(),
  /** Standard error of the score of one node, as measured on the baseline; null before it is known. */
  noiseFloor: z.number().nullable(),
  budget: z.object({ totalMs: z.number(), spentMs: z.number(), forecastMs: z.number().nullable() }),
  cost: costSchema,
  baseline: estimateSchema.nullable().describe("what the candidate was held against, on the vault: the prompted base, or the bare one where the candidate is a prompt"),
  vault: z.object({
    score: z.number(), ci: z.tuple([z.number(), z.number()]), n: z.number().int(),
    timesOpened: z.number().int(),
    /** The candidate and what it was held against: the best prompt for an adapter, the bare model for a prompt. null: a version that did not say. */
    nodeId: z.string().nullable().default(null),
    comparedWith: z.string().nullable().default(null),
    gain: estimateSchema.describe("paired difference to what it was held against"),
    /** Two-sided p of the paired test against the prompted base. */
    pValue: z.number(),
  }).nullable(),
  /** `guard` is null in runs of a version that had none. */
  regression: z.array(z.object({ name: z.string(), guard: z.enum(guardNames).nullable().default(null), base: z.number(), candidate: z.number(), passed: z.boolean(), note: z.string() })),
  delivery: deliverySchema.nullable(),
  failure: nodeSchema.shape.failure,
  warnings: z.array(z.string()),
  insights: z.array(z.object({ nodeId: z.string(), text: z.string() })),
  /** What the user did to the run, folded. */
  steering: z.object({
    pinned: z.array(z.string()),
    pruned: z.array(z.string()),
    hints: z.array(z.object({ id: z.string(), text: z.string() })),
    /** Branches asked for and not run yet, oldest first. */
    branches: z.array(z.object({ id: z.string(), nodeId: z.string(), change: recipeChangeSchema })),
  }).default({ pinned: [], pruned: [], hints: [], branches: [] }),
  /** Ids of the cards this run decides by. */
  cards: z.array(z.string()).default([]),
  /** How well a pilot's score foretells the full one, over the nodes that have both; null below four of them. */
  rungCorrelation: z.object({ spearman: z.number(), n: z.number().int() }).nullable().default(null),
  /** Why the house planner took over from the language model; null while it has not. */
  plannerRetired: z.string().nullable().default(null),
});
export type RunView = z.infer<typeof runViewSchema>;

export const runSummarySchema = runViewSchema.pick({ runId: true, status: true, createdAt: true, finishedAt: true, cost: true }).extend({
  goal: z.string(), nodes: z.number(), bestScore: z.number().nullable(), vaultScore: z.number().nullable(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

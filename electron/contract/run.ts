import { z } from "zod";
import { costSchema, estimateSchema, nodeSchema } from "./node.js";
import { importReportSchema } from "./example.js";
import { requirementSchema } from "./task.js";

export const runStatuses = ["preparing", "searching", "finalists", "vault", "done", "paused", "stopped", "failed", "interrupted"] as const;
export type RunStatus = (typeof runStatuses)[number];

export const deliverySchema = z.object({
  /** "base": nothing beat the prompted base model beyond the noise floor, so that is what is delivered. */
  kind: z.enum(["adapter", "base"]),
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
  baseline: estimateSchema.nullable().describe("prompted base on the vault"),
  vault: z.object({
    score: z.number(), ci: z.tuple([z.number(), z.number()]), n: z.number().int(),
    timesOpened: z.number().int(),
    gain: estimateSchema.describe("paired difference to the prompted base on the vault"),
    /** Two-sided p of the paired test against the prompted base. */
    pValue: z.number(),
  }).nullable(),
  regression: z.array(z.object({ name: z.string(), base: z.number(), candidate: z.number(), passed: z.boolean(), note: z.string() })),
  delivery: deliverySchema.nullable(),
  failure: nodeSchema.shape.failure,
  warnings: z.array(z.string()),
  insights: z.array(z.object({ nodeId: z.string(), text: z.string() })),
});
export type RunView = z.infer<typeof runViewSchema>;

export const runSummarySchema = runViewSchema.pick({ runId: true, status: true, createdAt: true, finishedAt: true, cost: true }).extend({
  goal: z.string(), nodes: z.number(), bestScore: z.number().nullable(), vaultScore: z.number().nullable(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

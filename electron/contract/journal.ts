import { z } from "zod";
import { costSchema, decisionSchema, estimateSchema, failureClusterSchema, lossPointSchema, memoryPlanSchema, nodeKinds, planSchema, sampleAnswerSchema, spectrumSchema, stages, verdicts, deciders, nodeSchema, nodeStatuses } from "./node.js";
import { cardConditions, cardSchema } from "./card.js";
import { importReportSchema } from "./example.js";
import { mendChoices } from "./planner.js";
import { axes, recipeSchema } from "./recipe.js";
import { requirementSchema, taskSchema } from "./task.js";
import { deliverySchema, runStatuses, runViewSchema } from "./run.js";
import { steeringActionSchema } from "./steering.js";

/**
 * The journal: append-only, one record a line, checksummed (see store/journal.ts). Every view is a fold over it
 * (session/fold.ts). Records are facts that happened; a record is never changed, and unknown types are refused.
 */
const failure = nodeSchema.shape.failure;
export const journalEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("run-created"), runId: z.string(), task: taskSchema, appVersion: z.string() }),
  z.object({ type: z.literal("data-imported"), report: importReportSchema }),
  z.object({ type: z.literal("requirement-fixed"), requirement: requirementSchema, warnings: z.array(z.string()) }),
  z.object({ type: z.literal("status-changed"), status: z.enum(runStatuses), phase: z.string(), failure: failure.optional() }),
  z.object({
    type: z.literal("node-created"), nodeId: z.string(), parent: z.string().nullable(), kind: z.enum(nodeKinds), axis: z.enum(axes),
    decidedBy: z.enum(deciders), plan: planSchema, recipe: recipeSchema, backtracked: z.boolean(), agentCost: costSchema,
    decision: decisionSchema.nullable().default(null),
    /** The `steered` event this node answers. */
    answers: z.string().nullable().default(null),
  }),
  z.object({ type: z.literal("stage-started"), nodeId: z.string(), stage: z.enum(stages) }),
  z.object({ type: z.literal("recipe-repaired"), nodeId: z.string(), recipe: recipeSchema, reason: z.string() }),
  /** The host's own repair did not help, and the planner was asked, once. What it chose follows as a `recipe-repaired`, unless it gave up. */
  z.object({ type: z.literal("mend-asked"), nodeId: z.string(), choice: z.enum(mendChoices), why: z.string(), cost: costSchema }),
  z.object({ type: z.literal("memory-planned"), nodeId: z.string(), memory: memoryPlanSchema }),
  z.object({ type: z.literal("trained"), nodeId: z.string(), rung: z.enum(["micro-steps", "pilot", "full"]), adapterPath: z.string().nullable(), adapterSha256: z.string().nullable(), loss: z.array(lossPointSchema), cost: costSchema, peakBytes: z.number().nullable(), spectra: z.array(spectrumSchema).default([]) }),
  z.object({ type: z.literal("evaluated"), nodeId: z.string(), rung: z.enum(["pilot", "full"]), estimate: estimateSchema, gain: estimateSchema.nullable(), secondary: z.record(z.string(), z.number()), samples: z.array(sampleAnswerSchema), failures: z.array(failureClusterSchema).default([]), itemsPath: z.string(), cost: costSchema }),
  z.object({ type: z.literal("node-finished"), nodeId: z.string(), status: z.enum(nodeStatuses), verdict: z.enum(verdicts).nullable(), insight: z.string().nullable(), hypothesisHeld: z.boolean().nullable(), failure, reward: z.number().nullable(), cost: costSchema.nullable(), conditions: z.array(z.enum(cardConditions)).default([]) }),
  z.object({ type: z.literal("noise-floor"), standardError: z.number() }),
  z.object({ type: z.literal("finalist-scored"), nodeId: z.string(), seeds: z.number(), estimate: estimateSchema, itemsPath: z.string(), seedAdapterPath: z.string().nullable(), cost: costSchema }),
  /** Written and fsynced before the vault is read: a crash after it never opens the vault again. */
  z.object({ type: z.literal("vault-opening"), nodeId: z.string(), baselineNodeId: z.string() }),
  z.object({ type: z.literal("vault-scored"), nodeId: z.string(), baseline: estimateSchema, vault: runViewSchema.shape.vault.unwrap(), cost: costSchema }),
  z.object({ type: z.literal("regression-checked"), results: runViewSchema.shape.regression, cost: costSchema }),
  z.object({ type: z.literal("delivered"), delivery: deliverySchema }),
  /** Something the user did. `id` is unique in the run ("s1", "s2" …). */
  z.object({ type: z.literal("steered"), id: z.string(), action: steeringActionSchema }),
  /** The cards this run decides by, fixed at its start: what is added to the library later does not change it. */
  z.object({ type: z.literal("knowledge-fixed"), cards: z.array(cardSchema) }),
  /** From here on the house planner decides, because the language model costs more than it earns. */
  z.object({ type: z.literal("planner-retired"), reason: z.string() }),
  z.object({ type: z.literal("insights-kept"), cardIds: z.array(z.string()) }),
  z.object({ type: z.literal("warning"), message: z.string() }),
  /** Wall-clock spent, added up over every process that worked on the run. */
  z.object({ type: z.literal("time-spent"), elapsedMs: z.number() }),
]);
export type JournalEvent = z.infer<typeof journalEventSchema>;
export type JournalEventOf<Type extends JournalEvent["type"]> = Extract<JournalEvent, { type: Type }>;

export interface JournalRecord {
  /** 1, 2, 3 … without a gap. */
  readonly sequence: number;
  /** ISO 8601, UTC. For people; never used for durations. */
  readonly time: string;
  readonly event: JournalEvent;
}

import { z } from "zod";
import { loraTargets, numericFields, schedules, type NumericField } from "./recipe.js";

const fieldNames = Object.keys(numericFields) as [NumericField, ...NumericField[]];

/** One field of a node's recipe with another value: what "branch from here with" means. */
export const recipeChangeSchema = z.discriminatedUnion("field", [
  z.object({ field: z.enum(fieldNames), value: z.number().positive().or(z.literal(0)) }),
  z.object({ field: z.literal("targets"), value: z.enum(loraTargets) }),
  z.object({ field: z.literal("schedule"), value: z.enum(schedules) }),
  z.object({ field: z.literal("fewShot"), value: z.number().int().min(0).max(16) }),
  z.object({ field: z.literal("system"), value: z.string().max(4000).nullable() }),
]);
export type RecipeChange = z.infer<typeof recipeChangeSchema>;

/**
 * What a user may do to a run, at any time, working or at rest. Each is one event in the journal, and the search goes on
 * from it; nothing a user does changes what was measured.
 */
export const steeringActionSchema = z.discriminatedUnion("kind", [
  /** Grow from this node before all others, while it has moves left. */
  z.object({ kind: z.literal("pin"), nodeId: z.string() }),
  z.object({ kind: z.literal("unpin"), nodeId: z.string() }),
  /** Nothing grows from this node or below it any more; if it is running, it is ended. It still may be delivered if it is best. */
  z.object({ kind: z.literal("prune"), nodeId: z.string() }),
  z.object({ kind: z.literal("restore"), nodeId: z.string() }),
  /** The next experiment: this node's recipe with one changed field. */
  z.object({ kind: z.literal("branch"), nodeId: z.string(), change: recipeChangeSchema }),
  /** A sentence for the planner, as material: it is read, never obeyed. */
  z.object({ kind: z.literal("hint"), text: z.string().min(1).max(300) }),
  z.object({ kind: z.literal("remove-hint"), hintId: z.string() }),
  /** The whole run's budget, in milliseconds; below what is spent it ends the search. */
  z.object({ kind: z.literal("budget"), totalMs: z.number().positive() }),
]);
export type SteeringAction = z.infer<typeof steeringActionSchema>;

import { z } from "zod";
import { importReportSchema } from "./example.js";
import { taskSchema } from "./task.js";

/** Something only the user can know. Asked when the data does not answer it; at most five in all. */
export const questionSchema = z.object({
  id: z.string(),
  /** The task field it decides. */
  field: z.string(),
  text: z.string(),
  options: z.array(z.object({ value: z.string(), label: z.string() })).min(2).max(6),
  /** What is assumed until it is answered. */
  assumed: z.string(),
});
export type Question = z.infer<typeof questionSchema>;
export const mostQuestions = 5;

/** Why a field of the drafted task has its value, and who said so. */
export const decisionReasonSchema = z.object({
  field: z.string(),
  value: z.string(),
  why: z.string(),
  by: z.enum(["user", "data", "rule", "language-model"]),
});
export type DecisionReason = z.infer<typeof decisionReasonSchema>;

/** From a sentence and a file to a typed requirement the user can edit before anything runs. */
export const analysisSchema = z.object({
  task: taskSchema,
  reasons: z.array(decisionReasonSchema),
  questions: z.array(questionSchema).max(mostQuestions),
  importReport: importReportSchema,
  /** Rows each split would get. */
  splitSizes: z.record(z.string(), z.number().int()),
  warnings: z.array(z.string()),
  agent: z.object({ decidedBy: z.enum(["house-planner", "language-model"]), fallbackReason: z.string().nullable(), seconds: z.number(), tokens: z.number() }),
});
export type Analysis = z.infer<typeof analysisSchema>;

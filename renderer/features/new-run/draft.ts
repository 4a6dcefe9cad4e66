import { taskSchema, type MetricName, type TaskInput } from "../../contract.js";

/** The form as typed: everything is text until it has been checked. */
export interface Draft {
  readonly goal: string;
  readonly model: string;
  readonly data: string;
  readonly budget: string;
  readonly seed: string;
  readonly planner: "house" | "language-model";
  readonly agentModel: string;
  readonly metric: MetricName | "auto";
}
export type Field = keyof Draft;
export type FieldErrors = Readonly<Partial<Record<Field, string>>>;

export const emptyDraft: Draft = { goal: "", model: "", data: "", budget: "30m", seed: "1", planner: "house", agentModel: "", metric: "auto" };

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, "": 1 };
const shortestBudgetSeconds = 30;

/** "90s", "10m", "2h", "1.5h" or seconds; null when it is none of these. */
export function budgetSeconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([smh]?)$/.exec(text.trim().toLowerCase());
  const factor = unitSeconds[match?.[2] ?? "?"];
  return match?.[1] === undefined || factor === undefined ? null : Number(match[1]) * factor;
}

const present = (text: string): string => text.trim();

/** One sentence per field that cannot be sent as it is. The host checks again, and knows more: files, memory, formats. */
export function draftErrors(draft: Draft): FieldErrors {
  const errors: Partial<Record<Field, string>> = {};
  if (present(draft.goal) === "") errors.goal = "Say in a sentence what the model should get better at.";
  else if (draft.goal.length > 4000) errors.goal = "Keep the goal under 4,000 characters.";
  if (present(draft.model) === "") errors.model = "Choose a model, or give the path of a GGUF file.";
  if (present(draft.data) === "") errors.data = "Give the path of a file with examples.";
  const seconds = budgetSeconds(draft.budget);
  if (seconds === null) errors.budget = "Write a time such as 10m, 2h or 90s.";
  else if (seconds < shortestBudgetSeconds) errors.budget = "Give the run at least 30 seconds.";
  if (!/^\d{1,9}$/.test(present(draft.seed))) errors.seed = "The seed is a whole number from 0 to 999999999.";
  if (draft.planner === "language-model" && present(draft.agentModel) === "") errors.agentModel = "Choose a model that plans, or let the house rules plan.";
  return errors;
}

/** The task to send; null while `draftErrors` has something to say or the contract refuses it. */
export function taskOf(draft: Draft): TaskInput | null {
  if (Object.keys(draftErrors(draft)).length > 0) return null;
  const task: TaskInput = {
    goal: present(draft.goal), model: present(draft.model), data: present(draft.data), budget: present(draft.budget).toLowerCase().replaceAll(" ", ""),
    seed: Number(draft.seed), planner: draft.planner,
    ...(draft.planner === "language-model" ? { agentModel: present(draft.agentModel) } : {}),
    ...(draft.metric === "auto" ? {} : { metric: draft.metric }),
  };
  return taskSchema.safeParse(task).success ? task : null;
}

/** Which field a refusal by the host belongs to, by the first part of its code; null: to the form as a whole. */
export function fieldOfCode(code: string): Field | null {
  const [area = ""] = code.split(".");
  const areas: Readonly<Record<string, Field>> = { model: "model", gguf: "model", data: "data", dataset: "data", budget: "budget", seed: "seed", agent: "agentModel", goal: "goal", metric: "metric" };
  return areas[area] ?? null;
}

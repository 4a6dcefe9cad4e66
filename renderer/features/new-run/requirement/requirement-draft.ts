import { taskSchema, type Constraints, type GuardName, type MetricName, type MoveId, type Skill, type Task, type TaskInput } from "../../../contract.js";
import { durationSeconds, durationText } from "../../../ui/duration.js";

/** A drafted task as a form shows it: numbers are text until they have been checked. "" is the absent value of an optional field. */
export interface RequirementDraft {
  readonly skill: Skill | "";
  readonly metric: MetricName | "";
  readonly budget: string;
  /** Per cent. */
  readonly target: string;
  readonly devSearch: string;
  readonly devSelect: string;
  readonly vault: string;
  readonly mostPromptTokens: string;
  readonly mostRank: string;
  readonly forbiddenMoves: readonly MoveId[];
  readonly deliver: Constraints["deliver"];
  readonly mustNotGetWorse: readonly GuardName[];
  readonly instructions: readonly string[];
  readonly planner: Task["planner"];
  readonly agentModel: string;
  readonly useLibrary: boolean;
  readonly keepInsights: boolean;
  readonly maxAnswerTokens: string;
  readonly maxNodes: string;
  readonly seed: string;
}
export type RequirementField = keyof RequirementDraft;
export type RequirementChanges = Readonly<Partial<RequirementDraft>>;
export type RequirementErrors = Readonly<Partial<Record<RequirementField, string>>>;

/** Where a field lies in the task: reasons and questions name it so. */
export const taskPath: Readonly<Record<RequirementField, string>> = {
  skill: "skill", metric: "metric", budget: "budget", target: "target",
  devSearch: "splits.devSearch", devSelect: "splits.devSelect", vault: "splits.vault",
  mostPromptTokens: "constraints.mostPromptTokens", mostRank: "constraints.mostRank", forbiddenMoves: "constraints.forbiddenMoves", deliver: "constraints.deliver",
  mustNotGetWorse: "mustNotGetWorse", instructions: "instructions", planner: "planner", agentModel: "agentModel", useLibrary: "useLibrary", keepInsights: "keepInsights",
  maxAnswerTokens: "maxAnswerTokens", maxNodes: "maxNodes", seed: "seed",
};
export const requirementFields = Object.keys(taskPath) as readonly RequirementField[];

/** The form's fields that a task path covers: itself, or all parts of a whole. */
export const fieldsUnder = (path: string): readonly RequirementField[] => requirementFields.filter((field) => taskPath[field] === path || taskPath[field].startsWith(`${path}.`));

const optionalNumber = (value: number | null | undefined): string => (value === null || value === undefined ? "" : String(value));

export function draftOf(task: Task): RequirementDraft {
  return {
    skill: task.skill ?? "", metric: task.metric ?? "",
    budget: typeof task.budget === "number" ? durationText(task.budget) : task.budget,
    target: task.target === undefined ? "" : String(Number((task.target * 100).toFixed(4))),
    devSearch: String(task.splits.devSearch), devSelect: String(task.splits.devSelect), vault: String(task.splits.vault),
    mostPromptTokens: optionalNumber(task.constraints.mostPromptTokens), mostRank: optionalNumber(task.constraints.mostRank),
    forbiddenMoves: task.constraints.forbiddenMoves, deliver: task.constraints.deliver,
    mustNotGetWorse: task.mustNotGetWorse, instructions: task.instructions,
    planner: task.planner, agentModel: task.agentModel ?? "", useLibrary: task.useLibrary, keepInsights: task.keepInsights,
    maxAnswerTokens: optionalNumber(task.maxAnswerTokens), maxNodes: String(task.maxNodes), seed: String(task.seed),
  };
}

/** The drafted task with what the form says put over it; null while a field cannot be read. Fields without a place in the form stay. */
export function taskOf(task: Task, draft: RequirementDraft): Task | null {
  if (Object.keys(requirementErrors(draft)).length > 0) return null;
  const input: TaskInput = {
    ...without(task, ["metric", "skill", "target", "agentModel", "maxAnswerTokens"]),
    ...(draft.skill === "" ? {} : { skill: draft.skill }),
    ...(draft.metric === "" ? {} : { metric: draft.metric }),
    ...(draft.target.trim() === "" ? {} : { target: Number(draft.target) / 100 }),
    ...(draft.planner === "language-model" && draft.agentModel.trim() !== "" ? { agentModel: draft.agentModel.trim() } : {}),
    ...(draft.maxAnswerTokens.trim() === "" ? {} : { maxAnswerTokens: Number(draft.maxAnswerTokens) }),
    budget: draft.budget.trim().toLowerCase().replaceAll(/\s/g, ""),
    splits: { devSearch: Number(draft.devSearch), devSelect: Number(draft.devSelect), vault: Number(draft.vault) },
    constraints: { mostPromptTokens: numberOrNull(draft.mostPromptTokens), mostRank: numberOrNull(draft.mostRank), forbiddenMoves: [...draft.forbiddenMoves], deliver: draft.deliver },
    mustNotGetWorse: [...draft.mustNotGetWorse],
    instructions: draft.instructions.map((text) => text.trim()).filter((text) => text !== ""),
    planner: draft.planner, useLibrary: draft.useLibrary, keepInsights: draft.keepInsights, maxNodes: Number(draft.maxNodes), seed: Number(draft.seed),
  };
  const parsed = taskSchema.safeParse(input);
  return parsed.success ? parsed.data : null;
}
const without = <Name extends keyof Task>(task: Task, names: readonly Name[]): Omit<Task, Name> =>
  Object.fromEntries(Object.entries(task).filter(([name]) => !names.includes(name as Name))) as unknown as Omit<Task, Name>;
const numberOrNull = (text: string): number | null => (text.trim() === "" ? null : Number(text));

/**
 * What the user set himself, as `task.analyse` takes it back: by the task's own fields, and of a field with parts only the
 * parts that were touched. null: emptied on purpose.
 */
export function editsOf(task: Task, changed: readonly RequirementField[]): Readonly<Record<string, unknown>> {
  const edits: Record<string, unknown> = {};
  for (const field of changed) {
    const [top = "", part] = taskPath[field].split(".");
    const whole: unknown = task[top as keyof Task] ?? null;
    if (part === undefined) edits[top] = whole;
    else edits[top] = { ...(edits[top] as object | undefined), [part]: (whole as Record<string, unknown>)[part] ?? null };
  }
  return edits;
}

export function isEdited(edits: Readonly<Record<string, unknown>>, field: RequirementField): boolean {
  const [top = "", part] = taskPath[field].split(".");
  if (!(top in edits)) return false;
  const whole = edits[top];
  return part === undefined || (typeof whole === "object" && whole !== null && part in whole);
}

export const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Fields that now differ from what was proposed. */
export const changedFields = (proposed: RequirementDraft, changes: RequirementChanges): readonly RequirementField[] =>
  requirementFields.filter((field) => changes[field] !== undefined && !sameValue(changes[field], proposed[field]));

const shortestBudgetSeconds = 30;
const wholeNumber = (text: string, low: number, high: number): boolean => /^\d{1,9}$/.test(text.trim()) && Number(text) >= low && Number(text) <= high;

/** One sentence per field that cannot be sent. The bounds are the contract's, so that a form without errors is a task. */
export function requirementErrors(draft: RequirementDraft): RequirementErrors {
  const errors: Partial<Record<RequirementField, string>> = {};
  const seconds = durationSeconds(draft.budget);
  if (seconds === null) errors.budget = "Write a time such as 10m, 2h or 90s.";
  else if (seconds < shortestBudgetSeconds) errors.budget = "Give the run at least 30 seconds.";
  if (draft.target.trim() !== "" && !(Number(draft.target) >= 0 && Number(draft.target) <= 100)) errors.target = "Write a score from 0 to 100, or leave it empty.";
  for (const split of ["devSearch", "devSelect", "vault"] as const) {
    if (!wholeNumber(draft[split], 8, 1e9)) errors[split] = "At least 8 rows are needed to say anything.";
  }
  if (draft.mostPromptTokens.trim() !== "" && !wholeNumber(draft.mostPromptTokens, 0, 1e9)) errors.mostPromptTokens = "Write a number of tokens, or leave it empty.";
  if (draft.mostRank.trim() !== "" && !wholeNumber(draft.mostRank, 1, 256)) errors.mostRank = "The rank is a whole number from 1 to 256.";
  if (draft.planner === "language-model" && draft.agentModel.trim() === "") errors.agentModel = "Choose a model that plans, or let the house rules plan.";
  if (draft.maxAnswerTokens.trim() !== "" && !wholeNumber(draft.maxAnswerTokens, 1, 4096)) errors.maxAnswerTokens = "Write a number from 1 to 4,096, or leave it empty.";
  if (!wholeNumber(draft.maxNodes, 1, 10_000)) errors.maxNodes = "Write a number from 1 to 10,000.";
  if (!wholeNumber(draft.seed, 0, 999_999_999)) errors.seed = "The seed is a whole number from 0 to 999999999.";
  if (draft.instructions.some((text) => text.trim().length > mostWordingCharacters)) errors.instructions = "Keep each wording under 2,000 characters.";
  return errors;
}
export const mostWordings = 4;
const mostWordingCharacters = 2000;


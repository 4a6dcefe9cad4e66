/** What only the user can say. Everything else of a task is worked out from it, and can be changed afterwards. */
export interface Draft {
  readonly goal: string;
  readonly model: string;
  readonly data: string;
}
export type Field = keyof Draft;
export type FieldErrors = Readonly<Partial<Record<Field, string>>>;

export const emptyDraft: Draft = { goal: "", model: "", data: "" };
const mostGoalCharacters = 4000;

export const trimmed = (draft: Draft): Draft => ({ goal: draft.goal.trim(), model: draft.model.trim(), data: draft.data.trim() });
export const sameDraft = (a: Draft, b: Draft): boolean => a.goal === b.goal && a.model === b.model && a.data === b.data;

/** One sentence per field that cannot be sent as it is. The host checks again, and knows more: files, memory, formats. */
export function draftErrors(draft: Draft): FieldErrors {
  const { goal, model, data } = trimmed(draft);
  const errors: Partial<Record<Field, string>> = {};
  if (goal === "") errors.goal = "Say in a sentence what the model should get better at.";
  else if (goal.length > mostGoalCharacters) errors.goal = "Keep the goal under 4,000 characters.";
  if (model === "") errors.model = "Choose a model, or give the path of a GGUF file.";
  if (data === "") errors.data = "Give the path of a file with examples.";
  return errors;
}

/** Which field a refusal by the host belongs to, by the first part of its code; null: to the form as a whole. */
export function fieldOfCode(code: string): Field | null {
  const [area = ""] = code.split(".");
  const areas: Readonly<Record<string, Field>> = { model: "model", gguf: "model", data: "data", dataset: "data", goal: "goal" };
  return areas[area] ?? null;
}

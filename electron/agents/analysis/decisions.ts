import type { DecisionReason } from "../../contract/index.js";

/** One field of the task with its value and why. */
export interface FieldDecision {
  /** A path of at most two names: "metric", "constraints.deliver". */
  readonly field: string;
  readonly value: unknown;
  readonly why: string;
  readonly by: DecisionReason["by"];
}

/** Later decisions on a field replace earlier ones. */
export function latest(decisions: readonly FieldDecision[]): readonly FieldDecision[] {
  const byField = new Map<string, FieldDecision>();
  for (const decision of decisions) {
    byField.delete(decision.field);
    // Who sets a whole sets its parts.
    for (const field of byField.keys()) if (field.startsWith(`${decision.field}.`)) byField.delete(field);
    byField.set(decision.field, decision);
  }
  return [...byField.values()];
}

/** The decisions as one object of task fields. */
export function fieldsOf(decisions: readonly FieldDecision[]): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const { field, value } of decisions) {
    const [top = "", inner] = field.split(".");
    if (value === undefined) continue;
    fields[top] = inner === undefined ? value : { ...(fields[top] as object | undefined), [inner]: value };
  }
  return fields;
}

export function reasonOf({ field, value, why, by }: FieldDecision): DecisionReason {
  return { field, value: textOf(value), why, by };
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "none";
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(textOf).join(", ");
  return Object.entries(value).map(([name, part]) => `${name} ${textOf(part)}`).join(", ");
}

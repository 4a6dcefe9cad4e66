import { z } from "zod";
import { familyFields, familyFieldNames, type FamilyField, type FamilyFieldName } from "./family-fields.js";

type RangeSchema = z.ZodType<number | [number, number]>;

/** A number, or two: the ends of a range that each problem draws from. */
function rangeSchema(field: FamilyField): RangeSchema {
  const value = z.number().min(field.minimum).max(field.maximum);
  const pair = z.tuple([value, value]).refine(([low, high]) => low <= high, "the low end comes first");
  return z.union([value, pair], { error: `must be a number or [low, high] within ${field.minimum} and ${field.maximum}` });
}

const constantShape = Object.fromEntries(familyFieldNames.map((name) => [name, rangeSchema(familyFields[name]).optional()])) as Record<FamilyFieldName, z.ZodOptional<RangeSchema>>;

export const familySchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "use lower-case letters, digits and hyphens"),
  description: z.string().max(400).default(""),
  /** Overrides of the scenario's own, for this family. */
  budgetSeconds: z.number().positive().max(1e8).optional(),
  constants: z.strictObject(constantShape).prefault({}),
});
export type Family = z.output<typeof familySchema>;

export const scenarioSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1).max(80),
  description: z.string().max(1000).default(""),
  /** GPU seconds of a whole run, evaluation, agents and the end of the run included. */
  budgetSeconds: z.number().positive().max(1e8).default(3600),
  items: z.strictObject({
    devSearch: z.number().int().min(8).max(20_000).default(200),
    devSelect: z.number().int().min(8).max(20_000).default(200),
    /** Questions of the regression gate. */
    regression: z.number().int().min(8).max(20_000).default(100),
  }).prefault({}),
  /** Seconds of the machine for one decision of a planner; every other policy decides in no time. */
  agentSeconds: z.strictObject({
    house: z.number().min(0).max(100_000).default(0.05),
    languageModel: z.number().min(0).max(100_000).default(20),
  }).prefault({}),
  /** Problems drawn from each family, unless the command line says otherwise. */
  seeds: z.number().int().min(1).max(100_000).default(200),
  families: z.array(familySchema).min(1).max(100),
}).superRefine((scenario, context) => {
  const seen = new Set<string>();
  scenario.families.forEach((family, index) => {
    if (seen.has(family.name)) context.addIssue({ code: "custom", path: ["families", index, "name"], message: `there is another family "${family.name}"` });
    seen.add(family.name);
  });
});
export type Scenario = z.output<typeof scenarioSchema>;

export type ScenarioResult = { readonly ok: true; readonly scenario: Scenario } | { readonly ok: false; readonly problem: string };

/** Reads what a YAML or JSON parser gave. `problem` names the field and says what is wrong with it, in one sentence. */
export function parseScenario(value: unknown): ScenarioResult {
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return { ok: true, scenario: parsed.data };
  const [issue] = parsed.error.issues;
  if (issue === undefined) return { ok: false, problem: "The scenario is not valid." };
  const at = fieldPath(value, issue.path);
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.map((key) => `"${key}"`).join(", ") : null;
  const what = unknown === null ? issue.message : `does not know ${unknown}`;
  return { ok: false, problem: `${at === "" ? "The scenario" : at}: ${what}.` };
}

/** "families.cliff.constants.rows": a family by its name where it has one. */
function fieldPath(value: unknown, path: readonly PropertyKey[]): string {
  const names: string[] = [];
  let at = value;
  for (const key of path) {
    at = typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined;
    const name = typeof at === "object" && at !== null && typeof key === "number" ? (at as { name?: unknown }).name : undefined;
    names.push(typeof name === "string" ? name : String(key));
  }
  return names.join(".");
}

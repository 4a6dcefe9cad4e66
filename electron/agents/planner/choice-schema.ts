import { moves, numericFields, type Axis, type MoveId, type NumericField, type PlannerContext, type Prediction } from "../../contract/index.js";
import { shownEvidence } from "../proposal/evidence.js";

export const percents = [5, 10, 20, 30, 40, 50, 60, 70, 80, 90] as const;
/**
 * A factor on the parent's value instead of a value: small models get ratios right more often than magnitudes, and a
 * list of four cannot run away into endless digits (field/trex.md 9).
 */
export const factors = [0.25, 0.5, 2, 4] as const;
export const mostCandidates = 3;

export const expectations = ["score-up", "score-up-much", "score-same", "json-valid-up", "validation-loss-down"] as const;
export type Expectation = (typeof expectations)[number];

export interface ChoiceFields {
  readonly axis: readonly Axis[];
  readonly evidence: readonly string[];
  readonly move: readonly MoveId[];
  readonly expect: readonly Expectation[];
  readonly numberField: readonly (NumericField | "none")[];
}

/** What may be said at this node. Only enums: no string can run away, and nothing can be said that the host does not know. */
export function choiceFields(context: PlannerContext): ChoiceFields {
  const { menu, parent } = context;
  const fields = (Object.keys(numericFields) as NumericField[]).filter((field) => menu.some((move) => (moves[move].numbers as readonly string[]).includes(field)));
  return {
    axis: [...new Set(menu.map((move) => moves[move].axis))],
    evidence: shownEvidence(context),
    move: menu,
    expect: expectations.filter((each) => (each !== "json-valid-up" || parent.secondary.jsonValid !== undefined) && (each !== "validation-loss-down" || parent.validationLoss !== null)),
    numberField: [...fields, "none"],
  };
}

/** Flat, and in the order in which it is thought: direction and evidence before moves. */
export function choiceSchema(fields: ChoiceFields): { readonly type: "object"; readonly properties: Readonly<Record<string, { readonly enum: readonly (string | number)[] }>> } {
  const properties: Record<string, { enum: readonly (string | number)[] }> = { axis: { enum: fields.axis }, evidence1: { enum: fields.evidence }, evidence2: { enum: [...fields.evidence, "none"] } };
  for (let number = 1; number <= Math.min(mostCandidates, fields.move.length); number += 1) {
    properties[`move${number}`] = { enum: number === 1 ? fields.move : [...fields.move, "none"] };
    properties[`percent${number}`] = { enum: percents };
    properties[`expect${number}`] = { enum: fields.expect };
  }
  properties.numberField = { enum: fields.numberField };
  properties.numberFactor = { enum: factors };
  return { type: "object", properties };
}

/** The schema as text for the prompt: a grammar alone keeps a model's meaning no straighter (field/trex.md 9). */
export function describeSchema(schema: ReturnType<typeof choiceSchema>): string {
  const said = new Map<string, string>();
  return Object.entries(schema.properties).map(([name, { enum: values }]) => {
    const list = values.filter((value) => value !== "none").join(", ");
    const known = said.get(list);
    said.set(list, known ?? name);
    return `- ${name}: ${known === undefined ? `one of ${list}` : `as ${known}`}${values.includes("none") ? `, or "none"` : ""}`;
  }).join("\n");
}

export function exampleChoice(schema: ReturnType<typeof choiceSchema>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(schema.properties).map(([name, { enum: values }]) => [name, name === "numberField" ? "none" : name.startsWith("percent") ? 40 : name === "numberFactor" ? 2 : values[0]])));
}

export function predictionOf(expect: Expectation, { parent, noiseFloor }: PlannerContext): Prediction {
  const score = Number((2 * Math.max(noiseFloor, 1e-4)).toPrecision(2));
  switch (expect) {
    case "score-up":
      return { figure: "score", change: "up", by: score };
    case "score-up-much":
      return { figure: "score", change: "up", by: Number((2.5 * score).toPrecision(2)) };
    case "score-same":
      return { figure: "score", change: "same", by: score };
    case "json-valid-up":
      return { figure: "jsonValid", change: "up", by: 0.03 };
    case "validation-loss-down":
      return { figure: "validationLoss", change: "down", by: Number((0.02 * Math.abs(parent.validationLoss ?? 1)).toPrecision(2)) };
  }
}

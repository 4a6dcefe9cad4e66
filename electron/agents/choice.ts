import { z } from "zod";
import { fail, moveIds, moves, numericFields, ok, type Candidate, type MoveId, type NumericField, type PlannerContext, type Result } from "../contract/index.js";
import { plainLine } from "./untrusted-text.js";

const percents = [5, 10, 20, 30, 40, 50, 60, 70, 80, 90] as const;
/**
 * A factor on the parent's value instead of a value: small models get ratios right more often than magnitudes, and a
 * list of four cannot run away into endless digits (field/trex.md 9).
 */
const factors = [0.25, 0.5, 2, 4] as const;
const fieldNames = Object.keys(numericFields) as NumericField[];
const mostCandidates = 3;
const hypothesisCharacters = 300;
/** Where a parent's number is nought, a factor needs something to work on. */
const fromNought: Partial<Record<NumericField, number>> = { dropout: 0.05, weightDecay: 0.01 };

const answerSchema = z.object({
  candidates: z.array(z.object({ move: z.enum(moveIds), percent: z.number().min(0).max(100), hypothesis: z.string() })).min(1),
  numberField: z.string(),
  numberFactor: z.number().positive(),
});

export interface Choice {
  readonly candidates: readonly Candidate[];
  readonly numbers: Readonly<Partial<Record<NumericField, number>>>;
  readonly citedNodes: readonly string[];
}

/** For the grammar and, as text, for the prompt: a grammar alone keeps a model's meaning no straighter. */
export function choiceSchema(menu: readonly MoveId[]): Readonly<Record<string, unknown>> {
  return {
    type: "object",
    properties: {
      candidates: {
        type: "array", minItems: 1, maxItems: mostCandidates,
        // A maxLength here would multiply the grammar's rules; the length is checked after, and tokens are capped.
        items: { type: "object", properties: { move: { enum: [...menu] }, percent: { enum: [...percents] }, hypothesis: { type: "string" } } },
      },
      numberField: { enum: [...choosableFields(menu), "none"] },
      numberFactor: { enum: [...factors] },
    },
  };
}

export function choosableFields(menu: readonly MoveId[]): NumericField[] {
  return fieldNames.filter((field) => menu.some((move) => (moves[move].numbers as readonly string[]).includes(field)));
}

export function exampleChoice(menu: readonly MoveId[]): string {
  return JSON.stringify({ candidates: [{ move: menu[0], percent: 40, hypothesis: "n1 ..." }], numberField: "none", numberFactor: 2 });
}

/** What a model answered, checked against the menu and the bounds. The error's message says what to mend, for the repair. */
export function readChoice(text: string, context: PlannerContext, mayOverride: boolean): Result<Choice> {
  const wrong = (message: string): Result<never> => fail("CONFIG", "planner.bad_answer", message);
  let raw: unknown;
  try {
    raw = JSON.parse(text.slice(text.indexOf("{")));
  } catch {
    return wrong(text.includes("{") ? "the JSON object was not complete" : "there was no JSON object");
  }
  const answer = answerSchema.safeParse(raw);
  if (!answer.success) {
    const field = answer.error.issues[0]?.path.join(".") ?? "";
    return wrong(`the field ${field === "" ? "candidates" : field} was missing or wrong`);
  }
  const offered = answer.data.candidates.slice(0, mostCandidates).filter((candidate, index, all) => context.menu.includes(candidate.move) && all.findIndex((other) => other.move === candidate.move) === index);
  const first = offered[0];
  if (first === undefined) return wrong("no candidate's move was on the menu");

  const total = offered.reduce((sum, candidate) => sum + candidate.percent, 0);
  const candidates = offered.map((candidate) => ({
    move: candidate.move,
    probability: total > 0 ? candidate.percent / total : 1 / offered.length,
    hypothesis: plainLine(candidate.hypothesis, hypothesisCharacters) || `${moves[candidate.move].title} (no reason given).`,
  }));
  const nodes = [context.parent, ...context.path, ...context.siblings, ...context.keyNodes].map((node) => node.id);
  const said = candidates.map((candidate) => candidate.hypothesis).join(" ");
  const citedNodes = [...new Set(nodes)].filter((id) => new RegExp(`(?<![\\w-])${id.replace(/[^\w-]/g, "\\$&")}(?![\\w-])`).test(said));
  return ok({ candidates, numbers: mayOverride ? overrideOf(first.move, answer.data, context) : {}, citedNodes });
}

/** Only a number that the first move sets, only in the direction the move means, always inside the hard bounds. */
function overrideOf(move: MoveId, answer: { numberField: string; numberFactor: number }, context: PlannerContext): Partial<Record<NumericField, number>> {
  const field = fieldNames.find((name) => name === answer.numberField && (moves[move].numbers as readonly string[]).includes(name));
  const training = context.parent.recipe.training;
  if (field === undefined || training === null) return {};
  if (move === "train-longer" && answer.numberFactor <= 1) return {};
  if (move === "train-shorter" && answer.numberFactor >= 1) return {};
  const bounds = numericFields[field];
  const value = Math.min(bounds.maximum, Math.max(bounds.minimum, (training[field] || (fromNought[field] ?? 0)) * answer.numberFactor));
  return { [field]: bounds.integer ? Math.round(value) : value };
}

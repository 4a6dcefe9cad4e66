import { z } from "zod";
import { fail, moves, numericFields, ok, type Axis, type Candidate, type MoveId, type NumericField, type PlannerContext, type Result } from "../../contract/index.js";
import { hypothesisText } from "../proposal/hypothesis-text.js";
import { plainLine } from "../untrusted/plain-line.js";
import { choiceFields, mostCandidates, predictionOf } from "./choice-schema.js";

/** Where a parent's number is nought, a factor needs something to work on. */
const fromNought: Partial<Record<NumericField, number>> = { dropout: 0.05, weightDecay: 0.01 };
const sentenceCharacters = 160;

const answerSchema = z.object({
  axis: z.string(), evidence1: z.string(), evidence2: z.string().optional(),
  move1: z.string(), percent1: z.number().min(0).max(100), expect1: z.string(),
  move2: z.string().optional(), percent2: z.number().min(0).max(100).optional(), expect2: z.string().optional(),
  move3: z.string().optional(), percent3: z.number().min(0).max(100).optional(), expect3: z.string().optional(),
  numberField: z.string().optional(), numberFactor: z.number().positive().optional(),
});
type Answer = z.infer<typeof answerSchema>;

export interface Choice {
  readonly direction: { readonly axis: Axis; readonly why: string };
  readonly candidates: readonly Candidate[];
  readonly numbers: Readonly<Partial<Record<NumericField, number>>>;
  readonly evidence: readonly string[];
}

/**
 * What a model answered, checked against the menu, the bounds and the evidence that exists, whether or not a grammar held.
 * The error's message says what to mend, for the repair.
 * @param notes the free text it reasoned in; gives the words, never the choice
 */
export function readChoice(text: string, notes: string, context: PlannerContext, mayOverride: boolean): Result<Choice> {
  const wrong = (message: string): Result<never> => fail("CONFIG", "planner.bad_answer", message);
  let raw: unknown;
  try {
    raw = JSON.parse(text.slice(text.indexOf("{")));
  } catch {
    return wrong(text.includes("{") ? "the JSON object was not complete" : "there was no JSON object");
  }
  const answer = answerSchema.safeParse(raw);
  if (!answer.success) return wrong(`the field ${answer.error.issues[0]?.path.join(".") ?? "axis"} was missing or wrong`);
  const fields = choiceFields(context);
  const offered = offersOf(answer.data).flatMap(({ move, percent, expect }) => {
    const known = fields.move.find((each) => each === move);
    return known === undefined ? [] : [{ move: known, percent, expect: fields.expect.find((each) => each === expect) ?? "score-up" }];
  }).filter((candidate, index, all) => all.findIndex((other) => other.move === candidate.move) === index).slice(0, mostCandidates);
  const first = offered[0];
  if (first === undefined) return wrong("no candidate's move was on the menu");
  const evidence = [...new Set([answer.data.evidence1, answer.data.evidence2 ?? "none"])].filter((id) => fields.evidence.includes(id));
  if (evidence.length === 0) return wrong("the evidence named nothing that exists");

  const total = offered.reduce((sum, candidate) => sum + candidate.percent, 0);
  const sentences = plainLine(notes, 2_000).split(/(?<=[.!?])\s+/).filter((sentence) => sentence.length > 8);
  const axis = fields.axis.find((each) => each === answer.data.axis && offered.some(({ move }) => moves[move].axis === each)) ?? moves[first.move].axis;
  return ok({
    direction: { axis, why: plainLine(sentences.slice(0, 2).join(" "), 200) || `${evidence.join(" and ")} point to ${axis}.` },
    candidates: offered.map(({ move, percent, expect }): Candidate => {
      const prediction = predictionOf(expect, context);
      return { move, probability: total > 0 ? percent / total : 1 / offered.length, hypothesis: hypothesisText(reasonFor(move, sentences), prediction, context.parent.id), prediction };
    }),
    numbers: mayOverride ? overrideOf(first.move, answer.data, context) : {},
    evidence,
  });
}

function offersOf(answer: Answer): readonly { move: string; percent: number; expect: string }[] {
  return [
    { move: answer.move1, percent: answer.percent1, expect: answer.expect1 },
    { move: answer.move2 ?? "none", percent: answer.percent2 ?? 5, expect: answer.expect2 ?? "score-up" },
    { move: answer.move3 ?? "none", percent: answer.percent3 ?? 5, expect: answer.expect3 ?? "score-up" },
  ];
}

function reasonFor(move: MoveId, sentences: readonly string[]): string {
  const said = sentences.find((sentence) => sentence.toLowerCase().includes(move) || sentence.toLowerCase().includes(moves[move].title.toLowerCase()));
  return said === undefined ? `${moves[move].title}.` : plainLine(said, sentenceCharacters);
}

/** Only a number that the first move sets, only in the direction the move means, always inside the hard bounds. */
function overrideOf(move: MoveId, { numberField, numberFactor }: Answer, context: PlannerContext): Partial<Record<NumericField, number>> {
  const field = (Object.keys(numericFields) as NumericField[]).find((name) => name === numberField && (moves[move].numbers as readonly string[]).includes(name));
  const training = context.parent.recipe.training;
  if (field === undefined || numberFactor === undefined || training === null) return {};
  if (move === "train-longer" && numberFactor <= 1) return {};
  if (move === "train-shorter" && numberFactor >= 1) return {};
  const bounds = numericFields[field];
  const value = Math.min(bounds.maximum, Math.max(bounds.minimum, (training[field] || (fromNought[field] ?? 0)) * numberFactor));
  return { [field]: bounds.integer ? Math.round(value) : value };
}

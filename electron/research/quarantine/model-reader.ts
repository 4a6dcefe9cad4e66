import { z } from "zod";
import { fail, ok, type Card, type CardCondition, type LlamaHost, type Result } from "../../contract/index.js";
import type { DocumentFacts } from "./card-of-claim.js";
import { claimDirections, claimFieldNames, isPlausible, type Claim } from "./claim.js";
import { cardsOfClaims, readCardsByRules, warningsOf, type ReadCards } from "./read-cards.js";
import type { ReaderPrompt } from "./reader-prompt.js";
import type { Passage, Reading } from "./reading.js";

export interface ModelReaderOptions {
  readonly llama: Pick<LlamaHost, "complete">;
  readonly modelPath: string;
  readonly prompt: ReaderPrompt;
  /** Asks for the card; rejects when `signal` aborts. Absent: nobody has to be asked. */
  readonly lease?: (signal: AbortSignal) => Promise<() => Promise<void>>;
}

/** A training may hold the card for hours; the rules need none. */
const leaseWaitMs = 5000;

const mostClaims = 3;
const answerTokens = 220;
const callTimeLimitMs = 60_000;
const wholeTimeLimitMs = 600_000;
/** Situations a paper can state; the host's own diagnoses are not among them. */
const readableConditions = ["always", "small-data", "large-data", "small-model", "large-model", "long-rows", "few-bits"] as const satisfies readonly CardCondition[];

/**
 * Cards of a document by a language model in quarantine: it sees one passage, has no tools and no memory, and can only fill in
 * fields that are lists: a known quantity, a direction, one of the numbers that stand in the passage. What it fills in is checked
 * against the passage again. What the rules found stays; a model that fails costs its own cards only.
 */
export async function readCardsByModel(reading: Reading, document: DocumentFacts, options: ModelReaderOptions, now: () => number, signal: AbortSignal): Promise<Result<ReadCards>> {
  const byRules = readCardsByRules(reading, document);
  const { passages, passagesLeftOut } = reading;
  const warnings = warningsOf(reading.orders);
  if (passages.length === 0) return ok({ cards: byRules.cards, warnings });
  if (passagesLeftOut > 0) warnings.push(`The model read ${passages.length} of ${passages.length + passagesLeftOut} passages that hold numbers; the rules read all.`);
  let giveBack: (() => Promise<void>) | undefined;
  try {
    giveBack = await options.lease?.(AbortSignal.any([signal, AbortSignal.timeout(leaseWaitMs)]));
  } catch {
    if (signal.aborted) return fail("CANCELLED", "document.cancelled", "Reading the document was stopped on request.");
    return ok({ cards: byRules.cards, warnings: [...warnings, "The graphics card was busy, so the document was read by rules only. Remove it and add it again to have a model read it."] });
  }
  try {
    const asked = await askAll(passages, options, now, signal);
    if (!asked.ok) return asked;
    return ok({ cards: merged(byRules.cards, cardsOfClaims(asked.value.claims, reading.aboutFineTuning, document, `reader-${options.prompt.version}`)), warnings: [...warnings, ...asked.value.warnings] });
  } finally {
    await giveBack?.();
  }
}

async function askAll(passages: readonly Passage[], options: ModelReaderOptions, now: () => number, signal: AbortSignal): Promise<Result<{ claims: Claim[]; warnings: string[] }>> {
  const claims: Claim[] = [];
  const endsAt = now() + wholeTimeLimitMs;
  for (const passage of passages) {
    if (now() > endsAt) return ok({ claims, warnings: ["The model took too long over the document; the rest was read by rules only."] });
    const answer = await options.llama.complete({
      modelPath: options.modelPath, system: options.prompt.system, user: fill(options.prompt.user, passage), jsonSchema: schemaFor(passage),
      maxTokens: answerTokens, timeLimitMs: callTimeLimitMs, temperature: 0, seed: 1,
    }, signal);
    if (!answer.ok) {
      if (answer.error.class === "CANCELLED") return answer;
      return ok({ claims, warnings: [`The model stopped reading the document: ${answer.error.message}`] });
    }
    claims.push(...claimsOf(answer.value.text, passage));
  }
  return ok({ claims, warnings: [] });
}

/** Numbers are a list of those in the passage: none can be invented, and none can run on without end. */
function schemaFor(passage: Passage): Readonly<Record<string, unknown>> {
  return {
    type: "object",
    properties: {
      claims: {
        type: "array", maxItems: mostClaims,
        items: { type: "object", properties: { field: { enum: [...passage.fields] }, direction: { enum: [...claimDirections] }, value: { enum: [...passage.numbers] }, condition: { enum: [...readableConditions] } } },
      },
    },
  };
}

const answerSchema = z.object({
  claims: z.array(z.object({ field: z.enum(claimFieldNames as [Claim["field"], ...Claim["field"][]]), direction: z.enum(claimDirections), value: z.number(), condition: z.enum(readableConditions) })).max(mostClaims),
});

function claimsOf(text: string, passage: Passage): Claim[] {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return [];
  }
  const answer = answerSchema.safeParse(raw);
  if (!answer.success) return [];
  return answer.data.claims.flatMap(({ field, direction, value, condition }) =>
    passage.numbers.includes(value) && passage.fields.includes(field) && isPlausible(field, value) ? [{ field, direction, value, when: condition, page: passage.page }] : []);
}

/** The model's word on a number the rules found too wins: it has read the sentence. */
function merged(byRules: readonly Card[], byModel: readonly Card[]): Card[] {
  const known = new Set(byModel.map(({ id }) => id));
  return [...byModel, ...byRules.filter(({ id }) => !known.has(id))].slice(0, 32);
}

function fill(template: string, passage: Passage): string {
  const values: Readonly<Record<string, string>> = {
    fields: passage.fields.join(", "), directions: claimDirections.join(", "), conditions: readableConditions.join(", "), numbers: passage.numbers.join(", "),
    // No angle brackets: nothing in it can close the fence or form a role token, whatever the model's template calls them.
    passage: passage.text.replaceAll("<", "‹").replaceAll(">", "›"),
    example: JSON.stringify({ claims: [{ field: passage.fields[0], direction: "used", value: passage.numbers[0], condition: "always" }] }),
  };
  return template.replace(/\{\{(\w+)\}\}/gu, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the prompt asks for ${name}, which nobody gives`);
    return value;
  });
}

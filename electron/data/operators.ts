import { assertNever, type DataOperator } from "../contract/index.js";
import { deriveSeed } from "../stats/index.js";
import { drawPlaces, shufflePlaces } from "./draw.js";
import { groupBy } from "./group-by.js";
import { answerOf } from "./identity.js";
import type { KeyedExample } from "./keyed-example.js";

/** Applies a recipe's operators one after another. The same rows, operators and seed give the same result. */
export async function applyOperators(rows: readonly KeyedExample[], operators: readonly DataOperator[], seed: number): Promise<readonly KeyedExample[]> {
  let kept = rows;
  for (const operator of operators) {
    kept = applyOperator(kept, operator, deriveSeed(seed, operator.operator));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return kept;
}

function applyOperator(rows: readonly KeyedExample[], operator: DataOperator, seed: number): readonly KeyedExample[] {
  switch (operator.operator) {
    case "deduplicate": return deduplicate(rows);
    case "drop-conflicts": return dropConflicts(rows);
    case "drop-long": return dropLong(rows, operator.longestPercentile);
    case "sample": return sample(rows, operator.fraction, seed);
    case "balance-answers": return balanceAnswers(rows, operator.strength, seed);
    default: return assertNever(operator);
  }
}

function deduplicate(rows: readonly KeyedExample[]): KeyedExample[] {
  const seen = new Set<string>();
  return rows.filter(({ example }) => !seen.has(example.id) && seen.add(example.id));
}

/** Which of two answers is right nobody here knows: all rows of such a question go. */
function dropConflicts(rows: readonly KeyedExample[]): KeyedExample[] {
  const answers = groupBy(rows, ({ prompt }) => prompt, ({ example }) => answerOf(example).trim());
  const disputed = new Set([...answers].flatMap(([prompt, given]) => (given.some((answer) => answer !== given[0]) ? [prompt] : [])));
  return rows.filter(({ prompt }) => !disputed.has(prompt));
}

function dropLong(rows: readonly KeyedExample[], percentile: number): readonly KeyedExample[] {
  const lengths = rows.map(({ characters }) => characters).sort((left, right) => left - right);
  const limit = lengths[Math.ceil((lengths.length * percentile) / 100) - 1];
  return limit === undefined ? rows : rows.filter(({ characters }) => characters <= limit);
}

function sample(rows: readonly KeyedExample[], fraction: number, seed: number): KeyedExample[] {
  return drawPlaces(rows.length, Math.max(1, Math.round(rows.length * fraction)), seed).flatMap((place) => rows[place] ?? []);
}

/** A row that stands there more often than this is learned by heart, and a misspelt label of one row would be too. */
const mostCopies = 10;

/**
 * Moves the share of each kind of answer towards equal shares: a kind with n rows gets a share proportional to
 * n^(1 - strength). Rare kinds are repeated, up to `mostCopies` times, common ones thinned. The number of rows stays, but
 * for what the rarest kinds would have had beyond that.
 */
function balanceAnswers(rows: readonly KeyedExample[], strength: number, seed: number): readonly KeyedExample[] {
  const kindOf = kindsOfAnswers(rows.map(({ example }) => answerOf(example)));
  const kinds = [...groupBy(kindOf.entries(), ([, kind]) => kind, ([place]) => place).values()];
  const weights = kinds.map((members) => members.length ** (1 - strength));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const chosen = kinds.flatMap((members, kind) => {
    const wanted = Math.min(members.length * mostCopies, Math.max(1, Math.round((rows.length * (weights[kind] ?? 0)) / total)));
    const order = shufflePlaces(members.length, deriveSeed(seed, kind));
    return Array.from({ length: wanted }, (_, copy) => members[order[copy % order.length] ?? 0] ?? 0);
  });
  return chosen.sort((left, right) => left - right).flatMap((place) => rows[place] ?? []);
}

/**
 * What kind of answer each is: the answer itself where answers repeat (labels), the first text field of a JSON object
 * (its action, its type), else its first word.
 */
export function kindsOfAnswers(answers: readonly string[]): string[] {
  const distinct = new Set(answers.map((answer) => answer.trim()));
  if (distinct.size <= Math.max(2, answers.length / 20)) return answers.map((answer) => answer.trim());
  return answers.map((answer) => firstTextField(answer) ?? answer.trim().split(/\s+/, 1)[0] ?? "");
}

function firstTextField(answer: string): string | null {
  if (!answer.trimStart().startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(answer);
    const first = Object.values(value as object).find((field) => typeof field === "string");
    return typeof first === "string" ? first : null;
  } catch {
    return null;
  }
}

import type { DataOperator, Example } from "../contract/index.js";
import { assertNever } from "../contract/index.js";
import { charactersOf } from "./import-rows.js";
import { groupBy } from "./group-by.js";
import { answerOf, promptKey, shortHash } from "./identity.js";

/** Applies a recipe's operators one after another. The same rows, operators and seed give the same result. */
export function applyOperators(rows: readonly Example[], operators: readonly DataOperator[], seed: number): readonly Example[] {
  return operators.reduce<readonly Example[]>((kept, operator) => applyOperator(kept, operator, seed), rows);
}

function applyOperator(rows: readonly Example[], operator: DataOperator, seed: number): readonly Example[] {
  switch (operator.operator) {
    case "deduplicate": return deduplicate(rows);
    case "drop-conflicts": return dropConflicts(rows);
    case "drop-long": return dropLong(rows, operator.longestPercentile);
    case "sample": return sample(rows, operator.fraction, seed);
    case "balance-answers": return balanceAnswers(rows, operator.strength, seed);
    default: return assertNever(operator);
  }
}

function deduplicate(rows: readonly Example[]): Example[] {
  const seen = new Set<string>();
  return rows.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** Which of two answers is right nobody here knows: all rows of such a prompt go. */
function dropConflicts(rows: readonly Example[]): Example[] {
  const answers = new Map<string, string | null>();
  const keys = rows.map(promptKey);
  for (const [index, row] of rows.entries()) {
    const key = keys[index] ?? "";
    const answer = answerOf(row).trim();
    const known = answers.get(key);
    answers.set(key, known === undefined || known === answer ? answer : null);
  }
  return rows.filter((_, index) => answers.get(keys[index] ?? "") !== null);
}

function dropLong(rows: readonly Example[], percentile: number): readonly Example[] {
  const lengths = rows.map(charactersOf).sort((left, right) => left - right);
  const limit = lengths[Math.ceil((lengths.length * percentile) / 100) - 1];
  return limit === undefined ? rows : rows.filter((row) => charactersOf(row) <= limit);
}

function sample(rows: readonly Example[], fraction: number, seed: number): Example[] {
  const wanted = Math.max(1, Math.round(rows.length * fraction));
  const drawn = new Set(rows.map((row, index) => ({ index, key: shortHash(`${seed}:${row.id}:${index}`) })).sort(byKey).slice(0, wanted).map(({ index }) => index));
  return rows.filter((_, index) => drawn.has(index));
}

const byKey = (left: { key: string }, right: { key: string }) => (left.key < right.key ? -1 : 1);

/**
 * Moves the share of each kind of answer towards equal shares: a kind with n rows gets a share proportional to
 * n^(1 - strength). The number of rows stays; rare kinds are repeated, common ones thinned.
 */
function balanceAnswers(rows: readonly Example[], strength: number, seed: number): readonly Example[] {
  const kinds = groupBy(kindsOfAnswers(rows.map(answerOf)).entries(), ([, kind]) => kind, ([index]) => index);
  const weights = [...kinds.values()].map((members) => members.length ** (1 - strength));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const chosen: number[] = [];
  for (const [at, members] of [...kinds.values()].entries()) {
    const wanted = Math.max(1, Math.round((rows.length * (weights[at] ?? 0)) / total));
    const shuffled = members.map((index) => ({ index, key: shortHash(`${seed}:balance:${index}`) })).sort(byKey);
    for (let copy = 0; copy < wanted; copy += 1) chosen.push(shuffled[copy % shuffled.length]?.index ?? 0);
  }
  return chosen.sort((left, right) => left - right).flatMap((index) => rows[index] ?? []);
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

import { exampleSchema, type Example, type ImportReport } from "../contract/index.js";
import { median } from "../stats/index.js";
import { createBreather } from "./breather.js";
import { answerOf, groupKey, idOf, promptKey, shortHash } from "./identity.js";
import type { Dataset } from "./read/open-dataset.js";
import { longestRowCharacters, tooLongReason } from "./read/raw-record.js";

/** What is remembered of each accepted row; the row itself goes to `keep`. */
export interface RowFacts {
  readonly id: string;
  readonly prompt: string;
  readonly group: string;
  readonly answer: string;
  readonly characters: number;
}

/** Reads every row of the file. `keep` gets the accepted ones in order. Throws FailureError. */
export async function importRows(dataset: Dataset, keep: (example: Example) => Promise<void>, signal: AbortSignal): Promise<{ report: ImportReport; rows: RowFacts[] }> {
  const breathe = createBreather();
  const rejected = new Map<string, { count: number; firstRow: number }>();
  const rows: RowFacts[] = [];
  const answerLengths: number[] = [];
  let total = 0;
  let jsonAnswers = 0;
  let choiceRows = 0;
  for await (const record of dataset.records(signal)) {
    await breathe();
    total += 1;
    const example = "value" in record ? exampleOf(dataset, record.value, record.row) : record.reason;
    if (typeof example === "string") {
      const known = rejected.get(example);
      rejected.set(example, { count: (known?.count ?? 0) + 1, firstRow: known?.firstRow ?? record.row });
      continue;
    }
    const answer = answerOf(example);
    answerLengths.push(answer.length);
    if (isJsonValue(answer)) jsonAnswers += 1;
    if (example.choices !== undefined) choiceRows += 1;
    rows.push({ id: example.id, prompt: promptKey(example), group: groupKey(example), answer: shortHash(answer.trim()), characters: charactersOf(example) });
    await keep(example);
  }
  const answersOfPrompt = new Map<string, Set<string>>();
  for (const row of rows) answersOfPrompt.set(row.prompt, (answersOfPrompt.get(row.prompt) ?? new Set()).add(row.answer));
  let longest = 0;
  for (const length of answerLengths) longest = Math.max(longest, length);
  const report: ImportReport = {
    path: dataset.file.path, format: dataset.formatName, rows: total, accepted: rows.length,
    rejected: [...rejected].map(([reason, { count, firstRow }]) => ({ reason, count, firstRow })).sort((left, right) => right.count - left.count || left.firstRow - right.firstRow),
    duplicates: rows.length - new Set(rows.map((row) => row.id)).size,
    conflicts: rows.filter((row) => (answersOfPrompt.get(row.prompt)?.size ?? 0) > 1).length,
    encoding: dataset.file.encoding, sha256: dataset.file.sha256,
    answerCharacters: { median: rows.length === 0 ? 0 : median(answerLengths), longest },
    answersAreJson: rows.length > 0 && jsonAnswers >= rows.length * 0.95,
    answersAreChoices: rows.length > 0 && choiceRows === rows.length,
    columns: [...dataset.columns],
  };
  return { report, rows };
}

export const charactersOf = (example: Example): number => example.messages.reduce((sum, message) => sum + message.content.length, 0);

/** The example, or why there is none. */
function exampleOf(dataset: Dataset, value: unknown, row: number): Example | string {
  const converted = dataset.format.convert(value);
  if (!converted.ok) return converted.reason;
  const messages = [...converted.messages];
  if (messages.reduce((sum, message) => sum + message.content.length, 0) > longestRowCharacters) return tooLongReason;
  const { choices, answerIndex } = converted;
  return exampleSchema.parse({ id: idOf(messages), messages, ...(choices === undefined ? {} : { choices, answerIndex }), sourceRow: row });
}

/** Objects and arrays only: a bare number or word is not what people mean by a JSON answer. */
function isJsonValue(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

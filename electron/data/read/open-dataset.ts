import { basename } from "node:path";
import { err, fail, FailureError, ok, type DataFormat, type Result } from "../../contract/index.js";
import { csvRecords, sniffDelimiter } from "./csv-records.js";
import { fieldsOf } from "./fields.js";
import { jsonFormats, tableFormats, type Format } from "./formats.js";
import { jsonRecords } from "./json-records.js";
import type { RawRecord } from "./raw-record.js";
import { examineFile, readText, type ExaminedFile } from "./text-source.js";

export interface Dataset {
  readonly file: ExaminedFile;
  readonly format: Format;
  readonly formatName: DataFormat;
  readonly columns: readonly string[];
  /** From the beginning, each time it is called. Throws FailureError. */
  readonly records: (signal: AbortSignal) => AsyncIterable<RawRecord>;
}

const sampleRows = 400;
const sampleCharacters = 64 * 1024;

/**
 * Finds out what kind of file this is from its first rows: every format is tried on every one of them and the one that
 * understands most wins. Errors: those of `examineFile`; CONFIG `data.columns`; DATA `data.empty`, `data.no_json`.
 */
export async function openDataset(path: string, signal: AbortSignal): Promise<Result<Dataset>> {
  const examined = await examineFile(path, signal);
  if (!examined.ok) return examined;
  const file = examined.value;
  try {
    const head = await beginning(file, signal);
    const isJson = /^\s*[[{]/.test(head);
    if (head.trim() === "") return fail("DATA", "data.empty", `${basename(path)} holds nothing but blank lines.`, "Give a file with at least 60 examples.");
    const delimiter = isJson ? null : sniffDelimiter(head);
    if (!isJson && delimiter === null) {
      return fail("CONFIG", "data.format", `${basename(path)} is neither JSON nor a table with columns.`, "Give OpenAI-chat JSONL, Alpaca JSON, prompt and completion JSONL, or CSV with a header row.");
    }
    const records = (innerSignal: AbortSignal) => (delimiter === null ? jsonRecords(readText(file, innerSignal)) : csvRecords(readText(file, innerSignal), delimiter));
    const sample: RawRecord[] = [];
    for await (const record of records(signal)) if (sample.push(record) >= sampleRows) break;
    return chooseFormat(file, sample, isJson ? jsonFormats : tableFormats, records);
  } catch (error) {
    if (error instanceof FailureError) return err(error.failure);
    throw error;
  }
}

function chooseFormat(file: ExaminedFile, sample: readonly RawRecord[], formats: readonly Format[], records: Dataset["records"]): Result<Dataset> {
  const name = basename(file.path);
  const values = sample.flatMap((record) => ("value" in record ? [record.value] : []));
  if (sample.length === 0) return fail("DATA", "data.empty", `${name} holds no rows.`, "Give a file with at least 60 examples.");
  if (values.length === 0) return fail("DATA", "data.no_json", `None of the first ${sample.length} rows of ${name} can be read: ${"reason" in (sample[0] ?? {}) ? (sample[0] as { reason: string }).reason : "broken"}.`, "Check that the file is whole.");
  const columns = columnsOf(values);
  const scores = formats.map((format) => values.filter((value) => format.convert(value).ok).length);
  const best = Math.max(...scores);
  const chosen = formats[scores.indexOf(best)];
  if (chosen === undefined || best === 0) {
    const reason = formats.map((format) => format.needs).join("; or ");
    const emptyAnswers = formats.some((format) => values.every((value) => { const made = format.convert(value); return !made.ok && made.reason.endsWith("is empty"); }));
    if (emptyAnswers) return fail("DATA", "data.empty", `No row of ${name} has both a request and an answer.`, "Fill in the answers.");
    return fail("CONFIG", "data.columns", `${name} has the columns ${listed(columns)}, and none of the known layouts fits them.`, `Needed: ${reason}.`);
  }
  return ok({ file, format: chosen, formatName: chosen.name, columns, records });
}

const listed = (columns: readonly string[]) => (columns.length === 0 ? "(none)" : columns.slice(0, 12).join(", ") + (columns.length > 12 ? ", …" : ""));

/** Names are the file's: bounded, and without control characters, before they reach a screen. */
function columnsOf(values: readonly unknown[]): string[] {
  const names = new Set<string>();
  for (const value of values) {
    for (const key of Object.keys(fieldsOf(value) ?? {})) names.add(key.replace(/[\p{C}]+/gu, " ").trim().slice(0, 60));
    if (names.size >= 50) break;
  }
  return [...names].slice(0, 50);
}

async function beginning(file: ExaminedFile, signal: AbortSignal): Promise<string> {
  let head = "";
  for await (const piece of readText(file, signal)) {
    head += piece;
    if (head.trim().length > 0 && head.length >= sampleCharacters) break;
  }
  return head.slice(0, Math.max(sampleCharacters, head.length - head.trimStart().length + 1024));
}

import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { FailureError } from "../../contract/index.js";
import { longestRowCharacters, tooLongReason, type RawRecord } from "./raw-record.js";

const delimiters = [",", ";", "\t", "|"] as const;
export type Delimiter = (typeof delimiters)[number];

/**
 * The delimiter that cuts the first rows into the same number of at least two cells, most cells first. null: none does,
 * so this is no table.
 */
export function sniffDelimiter(sample: string): Delimiter | null {
  let best: { delimiter: Delimiter; score: number } | null = null;
  for (const delimiter of delimiters) {
    const counts = cellCounts(sample, delimiter).slice(0, 50);
    const header = counts[0] ?? 1;
    if (header < 2 || counts.length < 2) continue;
    const agreeing = counts.filter((count) => count === header).length / counts.length;
    const score = agreeing * 100 + Math.min(header, 20) / 20;
    if (agreeing >= 0.5 && (best === null || score > best.score)) best = { delimiter, score };
  }
  return best?.delimiter ?? null;
}

/** Cells per row, quotes respected; a row cut off by the sample's end is left out. */
function cellCounts(sample: string, delimiter: string): number[] {
  const counts: number[] = [];
  let cells = 1;
  let quoted = false;
  let filled = false;
  for (const character of sample) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === delimiter) cells += 1;
    else if (character === "\n") {
      if (filled) counts.push(cells);
      cells = 1;
      filled = false;
      continue;
    }
    if (character.trim() !== "" || character === delimiter) filled = true;
  }
  if (filled && !quoted && (counts.length === 0 || sample.length < 60_000)) counts.push(cells);
  return counts;
}

/** Rows as objects of text by column name; the first row names the columns. Row numbers count from the first row after it. */
export async function* csvRecords(text: AsyncIterable<string>, delimiter: Delimiter): AsyncGenerator<RawRecord> {
  const parser = parse({ delimiter, bom: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true, max_record_size: longestRowCharacters * 2 });
  const source = Readable.from(text);
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let header: string[] | null = null;
  let row = 0;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (header === null) {
        header = cells.map((cell) => cell.trim());
        continue;
      }
      row += 1;
      if (cells.length > header.length) yield { row, reason: "more cells than the header has columns" };
      else if (cells.reduce((sum, cell) => sum + cell.length, 0) > longestRowCharacters) yield { row, reason: tooLongReason };
      else yield { row, value: Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ""])) };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code === "CSV_MAX_RECORD_SIZE") {
      yield { row: row + 1, reason: `${tooLongReason}; a quote that is never closed also looks like this` };
      return;
    }
    throw new FailureError({ class: "DATA", code: "data.csv_broken", message: `The table cannot be read after row ${row}: ${error.message}`, hint: "Check the quotes around that row." });
  } finally {
    source.destroy();
  }
}

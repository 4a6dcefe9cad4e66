import type { RawRecord } from "./raw-record.js";
import { longestRowCharacters, tooLongReason } from "./raw-record.js";

/**
 * The records of a JSON file, however it is laid out: one value a line (JSONL), an array, or values one after another
 * (also pretty-printed). A line that is broken costs that line only; memory holds one row at a time.
 */
export async function* jsonRecords(text: AsyncIterable<string>): AsyncGenerator<RawRecord> {
  const pieces = text[Symbol.asyncIterator]();
  let head = "";
  let ended = false;
  while (!ended && head.length <= longestRowCharacters && !head.trimStart().includes("\n")) {
    const next = await pieces.next();
    if (next.done === true) ended = true;
    else head += next.value;
  }
  const rest = async function* (): AsyncGenerator<string> {
    yield head;
    while (!ended) {
      const next = await pieces.next();
      if (next.done === true) return;
      yield next.value;
    }
  };
  yield* layoutOf(head) === "lines" ? lineRecords(rest()) : valueRecords(rest());
}

/** Lines, when the first line is a whole value that is not an array; else values. */
function layoutOf(head: string): "lines" | "values" {
  const start = head.trimStart();
  if (start.startsWith("[")) return "values";
  const line = start.split("\n", 1)[0] ?? "";
  if (parse(line) !== undefined) return "lines";
  // A first line that is broken in itself, with whole values after it, is still a file of lines.
  const others = start.split("\n").slice(1, 20).filter((other) => other.trim() !== "");
  return others.some((other) => other.startsWith("{") && parse(other) !== undefined) ? "lines" : "values";
}

async function* lineRecords(text: AsyncIterable<string>): AsyncGenerator<RawRecord> {
  let row = 0;
  let line = "";
  let skipping = false;
  for await (const piece of text) {
    let from = 0;
    for (;;) {
      const end = piece.indexOf("\n", from);
      const part = piece.slice(from, end < 0 ? piece.length : end);
      if (!skipping && line.length + part.length > longestRowCharacters) {
        skipping = true;
        line = "";
      } else if (!skipping) line += part;
      if (end < 0) break;
      row += 1;
      const record = skipping ? { row, reason: tooLongReason } : lineRecord(row, line);
      if (record !== null) yield record;
      line = "";
      skipping = false;
      from = end + 1;
    }
  }
  const last = skipping ? { row: row + 1, reason: tooLongReason } : lineRecord(row + 1, line);
  if (last !== null) yield last;
}

/** Blank lines are no rows; they count in the numbering, so that a row's number is its line's number. */
function lineRecord(row: number, line: string): RawRecord | null {
  if (line.trim() === "") return null;
  const value = parse(line);
  return value === undefined ? { row, reason: "not valid JSON" } : { row, value };
}

/** Objects at the top level or inside one top-level array; what lies between them is skipped. */
async function* valueRecords(text: AsyncIterable<string>): AsyncGenerator<RawRecord> {
  let row = 0;
  let held = "";
  let depth = 0;
  let inString = false;
  let escaped = false;
  let tooLong = false;
  for await (const piece of text) {
    let from = depth > 0 ? 0 : -1;
    for (let at = 0; at < piece.length; at += 1) {
      const code = piece.charCodeAt(at);
      if (inString) {
        if (escaped) escaped = false;
        else if (code === 0x5c) escaped = true;
        else if (code === 0x22) inString = false;
        continue;
      }
      if (code === 0x22) inString = depth > 0;
      else if (code === 0x7b) {
        if (depth === 0) from = at;
        depth += 1;
      } else if (code === 0x7d && depth > 0) {
        depth -= 1;
        if (depth > 0) continue;
        row += 1;
        const whole = held + piece.slice(from, at + 1);
        if (tooLong || whole.length > longestRowCharacters) yield { row, reason: tooLongReason };
        else {
          const value = parse(whole);
          yield value === undefined ? { row, reason: "not valid JSON" } : { row, value };
        }
        held = "";
        tooLong = false;
        from = -1;
      }
    }
    if (depth > 0 && from >= 0) {
      if (held.length + piece.length - from > longestRowCharacters) {
        tooLong = true;
        held = "";
      } else if (!tooLong) held += piece.slice(from);
    }
  }
  if (depth > 0) yield { row: row + 1, reason: tooLong ? tooLongReason : "cut off before its end" };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

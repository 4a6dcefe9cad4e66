import path from "node:path";
import type { z } from "zod";
import { err, fail, ok, type Result } from "../contract/index.js";
import { writeFileAtomic, type AtomicOptions } from "./atomic-file.js";
import { nodeFileSystem, type FileSystem } from "./file-system.js";
import { failureOfIo, tryIo } from "./io-failure.js";
import { readLines } from "./lines.js";
import { parseJson } from "./parse-json.js";

export interface JsonLinesOptions {
  /** Longer lines are a failure of their own; 16 MiB when absent. */
  readonly maximumLineBytes?: number;
  readonly fileSystem?: FileSystem;
}

/**
 * One checked value a line, in order, in constant memory. A line that is too long, not JSON or of the wrong shape is
 * yielded as a failure that names it; whether to go on is the caller's choice. Empty lines are passed over.
 */
export async function* streamJsonLines<Schema extends z.ZodType>(
  filePath: string,
  schema: Schema,
  options: JsonLinesOptions = {},
): AsyncGenerator<{ readonly line: number; readonly result: Result<z.output<Schema>> }> {
  const limit = options.maximumLineBytes ?? 16 * 2 ** 20;
  const opened = await tryIo(`Cannot read ${filePath}`, () => (options.fileSystem ?? nodeFileSystem).open(filePath, "read"));
  if (!opened.ok) {
    yield { line: 0, result: opened };
    return;
  }
  let number = 0;
  try {
    for await (const line of readLines(opened.value, limit)) {
      number += 1;
      const what = `line ${number} of ${path.basename(filePath)}`;
      if (line.tooLong) {
        yield { line: number, result: fail("DATA", "json.line_too_long", `${what} has ${line.length} bytes; at most ${limit} are read.`, "Shorten the row or remove it.") };
        continue;
      }
      const text = line.bytes.toString("utf8").trim();
      if (text !== "") yield { line: number, result: parseJson(text, schema, what) };
    }
  } catch (error) {
    yield { line: number, result: err(failureOfIo(error, `Cannot read ${filePath}`)) };
  } finally {
    await opened.value.close();
  }
}

/** All values of a file that is known to be small (splits, item scores); the first bad line fails the whole. */
export async function readJsonLines<Schema extends z.ZodType>(filePath: string, schema: Schema, options: JsonLinesOptions = {}): Promise<Result<readonly z.output<Schema>[]>> {
  const values: z.output<Schema>[] = [];
  for await (const { result } of streamJsonLines(filePath, schema, options)) {
    if (!result.ok) return result;
    values.push(result.value);
  }
  return ok(values);
}

/** Writes one value a line, as one step (see `writeFileAtomic`). */
export function writeJsonLines(filePath: string, values: readonly unknown[], options: AtomicOptions = {}): Promise<Result<void>> {
  return writeFileAtomic(filePath, values.map((value) => `${JSON.stringify(value)}\n`).join(""), options);
}

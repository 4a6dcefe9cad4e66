import type { z } from "zod";
import { fail, type Result } from "../contract/index.js";
import { nodeFileSystem, type FileHandle, type FileSystem } from "./file-system.js";
import { tryIo } from "./io-failure.js";
import { parseJson } from "./parse-json.js";

const defaultMaximumBytes = 16 * 2 ** 20;

/** Reads a JSON file whole and checks it. Files above the limit are refused before they are read. */
export async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  options: { readonly maximumBytes?: number; readonly fileSystem?: FileSystem } = {},
): Promise<Result<z.output<Schema>>> {
  const limit = options.maximumBytes ?? defaultMaximumBytes;
  const read = await tryIo(`Cannot read ${path}`, async () => {
    const file = await (options.fileSystem ?? nodeFileSystem).open(path, "read");
    try {
      const size = await file.size();
      return size > limit ? { size, bytes: null } : { size, bytes: await readFully(file, 0, size) };
    } finally {
      await file.close();
    }
  });
  if (!read.ok) return read;
  const { size, bytes } = read.value;
  if (bytes === null) return fail("DATA", "json.too_large", `${path} has ${size} bytes; at most ${limit} are read.`, "Check that this is the right file.");
  return parseJson(bytes.toString("utf8"), schema, path);
}

/** The bytes from `start` on, fewer than asked only where the file ends. */
export async function readFully(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(buffer, filled, length - filled, start + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

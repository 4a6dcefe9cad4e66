import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { TextDecoder } from "node:util";
import { err, FailureError, fail, ok, type Failure, type Result } from "../../contract/index.js";
import { cancelled, cancelledFailure } from "../cancelled.js";

export const encodings = ["utf-8", "utf-8 with BOM", "utf-16le", "utf-16be", "windows-1252"] as const;
export type Encoding = (typeof encodings)[number];

export interface ExaminedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly encoding: Encoding;
}

const chunkBytes = 256 * 1024;
const headBytes = 4096;

/** Files people try that are not text, by their first bytes. */
const binaryKinds: readonly { readonly name: string; readonly magic: readonly number[] }[] = [
  { name: "a Parquet file", magic: [0x50, 0x41, 0x52, 0x31] },
  { name: "a ZIP or Excel file", magic: [0x50, 0x4b, 0x03, 0x04] },
  { name: "a gzip file", magic: [0x1f, 0x8b] },
  { name: "a GGUF model", magic: [0x47, 0x47, 0x55, 0x46] },
  { name: "a PDF file", magic: [0x25, 0x50, 0x44, 0x46] },
];

/**
 * Reads the file once, in pieces: its hash and how its text is encoded.
 * Errors: CONFIG `data.missing`, `data.unreadable`, `data.not_text`; DATA `data.empty`.
 */
export async function examineFile(path: string, signal: AbortSignal): Promise<Result<ExaminedFile>> {
  const name = basename(path);
  try {
    const status = await stat(path);
    if (!status.isFile()) return fail("CONFIG", "data.not_a_file", `${name} is not a file.`, "Give the path of one JSONL, JSON, CSV or TSV file.");
    if (status.size === 0) return fail("DATA", "data.empty", `${name} is empty.`, "Give a file with at least 60 examples.");
    const hash = createHash("sha256");
    const strict = new TextDecoder("utf-8", { fatal: true });
    let head: Buffer | null = null;
    let validUtf8 = true;
    for await (const piece of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
      if (signal.aborted) return cancelled();
      hash.update(piece);
      head ??= piece.subarray(0, headBytes);
      validUtf8 &&= decodes(strict, piece);
    }
    const binary = binaryKinds.find(({ magic }) => magic.every((byte, at) => head?.[at] === byte));
    if (binary !== undefined) return fail("CONFIG", "data.not_text", `${name} is ${binary.name}, not text.`, "Export the rows as JSONL or CSV.");
    const encoding = encodingOf(head ?? Buffer.alloc(0), validUtf8);
    if (encoding === null) return fail("CONFIG", "data.not_text", `${name} is a binary file, not text.`, "Export the rows as JSONL or CSV.");
    return ok({ path, sizeBytes: status.size, sha256: hash.digest("hex"), encoding });
  } catch (error) {
    return err(failureOfRead(name, error));
  }
}

function decodes(strict: TextDecoder, piece: Buffer): boolean {
  try {
    strict.decode(piece, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** null: not text. Without a BOM, UTF-16 shows itself by its zero bytes on every other place. */
function encodingOf(head: Buffer, validUtf8: boolean): Encoding | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return "utf-8 with BOM";
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  let evenZeros = 0;
  let oddZeros = 0;
  for (const [at, byte] of head.entries()) {
    if (byte !== 0) continue;
    if (at % 2 === 0) evenZeros += 1;
    else oddZeros += 1;
  }
  if (evenZeros + oddZeros > 0) {
    const pairs = head.length / 2;
    if (oddZeros > pairs * 0.4 && evenZeros < pairs * 0.05) return "utf-16le";
    if (evenZeros > pairs * 0.4 && oddZeros < pairs * 0.05) return "utf-16be";
    return null;
  }
  return validUtf8 ? "utf-8" : "windows-1252";
}

/** The file's text without BOM, piece by piece. Throws FailureError. */
export async function* readText(file: ExaminedFile, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder(file.encoding === "utf-8 with BOM" ? "utf-8" : file.encoding);
  try {
    for await (const piece of createReadStream(file.path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
      if (signal.aborted) throw new FailureError(cancelledFailure);
      yield decoder.decode(piece, { stream: true });
    }
  } catch (error) {
    throw error instanceof FailureError ? error : new FailureError(failureOfRead(basename(file.path), error));
  }
  yield decoder.decode();
}

function failureOfRead(name: string, error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") return { class: "CONFIG", code: "data.missing", message: `There is no file ${name} at the given place.`, hint: "Check the path." };
  if (code === "EACCES" || code === "EPERM") return { class: "CONFIG", code: "data.unreadable", message: `${name} may not be read.`, hint: "Check the file's permissions." };
  return { class: "ENV", code: "data.read_failed", message: `${name} could not be read to its end (${code === "" ? String(error) : code}).`, hint: "Check the disk, then try again." };
}

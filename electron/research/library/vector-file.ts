import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Result } from "../../contract/index.js";
import { writeFileAtomic } from "../../store/index.js";

/**
 * Vectors beside the texts they were made of. One line of JSON, then the numbers: 32-bit floats, little endian, one vector
 * after the other in the order of the texts. May hold fewer vectors than there are texts: the rest is still to be made.
 */
export interface Vectors {
  readonly modelSha256: string;
  /** Of all texts, in order: other texts make it stale. */
  readonly textsSha256: string;
  readonly dimensions: number;
  readonly values: Float32Array;
}

const headerSchema = z.object({ version: z.literal(1), modelSha256: z.string(), textsSha256: z.string(), dimensions: z.number().int().min(1).max(65_536), vectors: z.number().int().nonnegative(), sha256: z.string() });
const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

export const hashOfTexts = (texts: readonly string[]): string => sha256(JSON.stringify(texts));

/** null: none there, or it is not whole; vectors are made again, so nothing is lost. */
export async function readVectors(file: string): Promise<Vectors | null> {
  const bytes = await readFile(file).catch(() => null);
  const lineEnd = bytes?.indexOf(0x0a) ?? -1;
  if (bytes === null || lineEnd < 0) return null;
  try {
    const header = headerSchema.parse(JSON.parse(bytes.toString("utf8", 0, lineEnd)));
    const payload = bytes.subarray(lineEnd + 1);
    if (payload.length !== 4 * header.dimensions * header.vectors || sha256(payload) !== header.sha256) return null;
    const values = new Float32Array(header.dimensions * header.vectors);
    for (let index = 0; index < values.length; index += 1) values[index] = payload.readFloatLE(4 * index);
    return { modelSha256: header.modelSha256, textsSha256: header.textsSha256, dimensions: header.dimensions, values };
  } catch {
    return null;
  }
}

export async function writeVectors(file: string, vectors: Vectors): Promise<Result<void>> {
  const payload = Buffer.alloc(4 * vectors.values.length);
  for (const [index, value] of vectors.values.entries()) payload.writeFloatLE(value, 4 * index);
  const header = { version: 1, modelSha256: vectors.modelSha256, textsSha256: vectors.textsSha256, dimensions: vectors.dimensions, vectors: vectors.values.length / vectors.dimensions, sha256: sha256(payload) };
  return writeFileAtomic(file, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), payload]));
}

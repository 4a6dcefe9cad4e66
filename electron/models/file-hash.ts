import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/**
 * SHA-256 of a file as 64 hex digits, read in pieces. Model files are large and asked about often, so the answer is
 * remembered while path, size and modification time stay the same. Rejects as `fs` does, and with an AbortError.
 */
export function createFileHasher(): (path: string, signal: AbortSignal) => Promise<string> {
  const known = new Map<string, string>();
  return async (path, signal) => {
    const { size, mtimeMs } = await stat(path);
    const key = `${path}\n${size}\n${mtimeMs}`;
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Buffer);
    const digest = hash.digest("hex");
    known.set(key, digest);
    return digest;
  };
}

import { randomBytes } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "../contract/index.js";
import { codeOf, nodeFileSystem, writeFully, type FileSystem } from "./file-system.js";
import { tryIo } from "./io-failure.js";

export interface AtomicOptions {
  readonly fileSystem?: FileSystem;
  /** Permission bits of the new file; 0o600 for what is sealed. */
  readonly mode?: number;
  /** How often a rename that another program blocks is tried again. Windows scanners hold fresh files for a moment. */
  readonly renameRetries?: number;
}

const retriesHere = process.platform === "win32" ? 8 : 0;

/**
 * Replaces a file as one step: after a crash at any moment the old content or the new one is there, whole. Order: write
 * all to a temporary file in the same folder, flush it, rename, flush the folder (OSDI'14, "All file systems are not
 * created equal"; reliability.md 1 and 10). On failure the old file is untouched and the temporary one is gone.
 */
export async function writeFileAtomic(target: string, data: string | Uint8Array, options: AtomicOptions = {}): Promise<Result<void>> {
  const fileSystem = options.fileSystem ?? nodeFileSystem;
  const folder = path.dirname(target);
  const temporary = path.join(folder, `.${path.basename(target).slice(0, 64)}.${randomBytes(8).toString("hex")}.tmp`);
  return tryIo(
    `Cannot write ${target}`,
    async () => {
      const file = await fileSystem.open(temporary, "create", options.mode);
      try {
        try {
          await writeFully(file, typeof data === "string" ? Buffer.from(data, "utf8") : data, 0);
          await file.sync();
        } finally {
          await file.close();
        }
        await renamePatiently(fileSystem, temporary, target, options.renameRetries ?? retriesHere);
      } catch (error) {
        // The first error is the one to report; a temporary file that cannot be removed either is only litter.
        await fileSystem.remove(temporary).catch(() => undefined);
        throw error;
      }
      await fileSystem.syncFolder(folder);
    },
    "What was there before is unchanged.",
  );
}

async function renamePatiently(fileSystem: FileSystem, from: string, to: string, retries: number): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await fileSystem.rename(from, to);
      return;
    } catch (error) {
      if (attempt >= retries || !["EPERM", "EACCES", "EBUSY"].includes(codeOf(error))) throw error;
      await sleep(Math.min(500, 10 * 2 ** attempt));
    }
  }
}

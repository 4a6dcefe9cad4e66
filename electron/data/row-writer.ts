import { open, rename, rm } from "node:fs/promises";
import { createHash } from "node:crypto";

/** Writes JSON lines of any number to a file that appears whole or not at all. */
export interface RowWriter {
  write(value: unknown): Promise<void>;
  /** Flushes, renames into place; resolves with the SHA-256 of what was written. */
  finish(): Promise<string>;
  /** Removes what was written so far. Harmless after `finish`. */
  discard(): Promise<void>;
}

const bufferCharacters = 1 << 20;

export async function createRowWriter(path: string, mode = 0o644): Promise<RowWriter> {
  const temporary = `${path}.part`;
  const file = await open(temporary, "w", mode);
  const hash = createHash("sha256");
  let held: string[] = [];
  let heldCharacters = 0;
  let isOpen = true;
  const flush = async () => {
    const bytes = Buffer.from(held.join(""), "utf8");
    held = [];
    heldCharacters = 0;
    hash.update(bytes);
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, from, bytes.length - from);
      from += bytesWritten;
    }
  };
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await file.close();
  };
  return {
    async write(value) {
      const line = `${JSON.stringify(value)}\n`;
      held.push(line);
      heldCharacters += line.length;
      if (heldCharacters >= bufferCharacters) await flush();
    },
    async finish() {
      await flush();
      await file.sync();
      await close();
      await rename(temporary, path);
      return hash.digest("hex");
    },
    async discard() {
      await close();
      await rm(temporary, { force: true });
    },
  };
}

import { open, rename, unlink } from "node:fs/promises";

/**
 * The few calls that durable writing rests on, and nothing else: the border at which tests inject a full disk, short
 * writes and a kill at any point.
 */
export interface FileHandle {
  /** May read less than asked; 0 at the end of the file. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** May write less than asked; the caller loops. */
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  size(): Promise<number>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileSystem {
  /** `create` fails with EEXIST when the file is there, `write` and `read` with ENOENT when it is not. */
  open(path: string, how: "create" | "write" | "read", mode?: number): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes names in the folder survive a power cut. Does nothing where the platform has no such call. */
  syncFolder(path: string): Promise<void>;
}

const flags = { create: "wx+", write: "r+", read: "r" } as const;

export const nodeFileSystem: FileSystem = {
  async open(path, how, mode = 0o644) {
    const file = await open(path, flags[how], mode);
    return {
      read: async (buffer, offset, length, position) => (await file.read(buffer, offset, length, position)).bytesRead,
      write: async (buffer, offset, length, position) => (await file.write(buffer, offset, length, position)).bytesWritten,
      size: async () => (await file.stat()).size,
      truncate: (length) => file.truncate(length),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename,
  remove: unlink,
  async syncFolder(path) {
    // Windows cannot open a folder for flushing; NTFS journals the rename itself.
    if (process.platform === "win32") return;
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } catch (error) {
      // Some network and user-space file systems do not know the call. A real I/O error is passed on.
      if (!["EINVAL", "ENOTSUP", "ENOSYS"].includes(codeOf(error))) throw error;
    } finally {
      await folder.close();
    }
  },
};

/** The system's error code ("ENOSPC"), or "" for anything that is not a system error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Writes all of the bytes, however many calls it takes: a single write may stop short on a full disk without an error. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const count = await file.write(bytes, written, bytes.length - written, position + written);
    if (count <= 0) throw Object.assign(new Error("the file system accepted no more bytes"), { code: "ENOSPC" });
    written += count;
  }
}

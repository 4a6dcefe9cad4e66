import { randomUUID } from "node:crypto";
import { readFile, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import lockfile from "proper-lockfile";
import { z } from "zod";
import { fail, ok, type Result } from "../contract/index.js";
import { writeFileAtomic } from "./atomic-file.js";
import { codeOf } from "./file-system.js";
import { failureOfIo } from "./io-failure.js";
import { parseJson } from "./parse-json.js";

export interface FolderLock {
  readonly directory: string;
  /** Gives the folder back. Calling it twice does no harm. */
  release(): Promise<void>;
}

const ownerSchema = z.object({ processId: z.number().int().positive(), host: z.string(), startedAt: z.string(), nonce: z.string() });
type Owner = z.infer<typeof ownerSchema>;

/**
 * One writer for a run's folder. The lock names its process, not a moment in time: a holder that sleeps or computes for
 * an hour keeps it (a lease of seconds breaks there, reliability.md 10), and one that was killed loses it at once. A reused
 * process number is told apart by the process's start time where the system tells it (Linux).
 */
export async function acquireLock(directory: string): Promise<Result<FolderLock>> {
  const lockPath = path.join(directory, "lock");
  let endGuard: (() => Promise<void>) | null = null;
  try {
    // Looking at an old lock and replacing it must not interleave with another process doing the same. That takes
    // milliseconds, and for those a lease of seconds is right.
    endGuard = await lockfile.lock(directory, {
      lockfilePath: `${lockPath}.guard`,
      stale: 5000,
      retries: { retries: 40, minTimeout: 25, maxTimeout: 250, factor: 1.4 },
      onCompromised: () => undefined,
    });
    const holder = await readOwner(lockPath);
    if (holder !== null && (await isHeld(holder))) {
      const where = holder.host === hostname() ? `process ${holder.processId}` : `process ${holder.processId} on the computer ${holder.host}`;
      const hint =
        holder.host === hostname()
          ? "Close the other window or command that works on this run, or wait until it ends."
          : `If that computer no longer works on this run, delete ${lockPath} and try again.`;
      return fail("ENV", "store.locked", `This run is open in ${where}; only one may write to it.`, hint);
    }
    const owner: Owner = { processId: process.pid, host: hostname(), startedAt: await startOf(process.pid), nonce: randomUUID() };
    const written = await writeFileAtomic(lockPath, JSON.stringify(owner));
    if (!written.ok) return written;
    return ok({
      directory,
      async release() {
        const now = await readOwner(lockPath).catch(() => null);
        if (now?.nonce === owner.nonce) await unlink(lockPath).catch(() => undefined);
      },
    });
  } catch (error) {
    if (codeOf(error) === "ELOCKED") return fail("ENV", "store.locked", "Another process is opening this run just now.", "Try again in a moment.");
    return { ok: false, error: failureOfIo(error, `Cannot lock ${directory}`) };
  } finally {
    await endGuard?.().catch(() => undefined);
  }
}

/** Is somebody working on this folder just now? Only looks: asking never keeps a real writer out. */
export async function isLocked(directory: string): Promise<boolean> {
  const owner = await readOwner(path.join(directory, "lock")).catch(() => null);
  return owner !== null && isHeld(owner);
}

/** null: no lock, or one torn by a crash, which its writer did not live to hold. */
async function readOwner(lockPath: string): Promise<Owner | null> {
  try {
    const parsed = parseJson(await readFile(lockPath, "utf8"), ownerSchema, lockPath);
    return parsed.ok ? parsed.value : null;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function isHeld(owner: Owner): Promise<boolean> {
  // Whether a process lives on another computer cannot be seen from here: believe the lock.
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.processId, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
  const start = await startOf(owner.processId);
  return start === "" || owner.startedAt === "" || start === owner.startedAt;
}

/** Boot and start tick of a process; "" where the system does not tell (Windows, macOS) or the process is gone. */
async function startOf(processId: number): Promise<string> {
  if (process.platform !== "linux") return "";
  try {
    const [boot, stat] = await Promise.all([readFile("/proc/sys/kernel/random/boot_id", "utf8"), readFile(`/proc/${processId}/stat`, "utf8")]);
    // The second field is the program's name in brackets and may hold blanks; field 22 is the 20th after it.
    const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${boot.trim()}/${afterName[19] ?? ""}`;
  } catch {
    return "";
  }
}

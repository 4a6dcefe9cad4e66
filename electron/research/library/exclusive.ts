import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fail, type Result } from "../../contract/index.js";
import { acquireLock, failureOfIo } from "../../store/index.js";

const triesOfMs = [0, 50, 100, 200, 400, 800, 1500, 2000];

/** One change of the library at a time, also between the app and a command beside it; a change takes milliseconds. */
export function createExclusive(directory: string): <Value>(work: () => Promise<Result<Value>>) => Promise<Result<Value>> {
  let queue: Promise<unknown> = Promise.resolve();

  const locked = async <Value>(work: () => Promise<Result<Value>>): Promise<Result<Value>> => {
    try {
      await mkdir(directory, { recursive: true });
    } catch (error) {
      return { ok: false, error: failureOfIo(error, `Cannot open the library in ${directory}`) };
    }
    for (const waitMs of triesOfMs) {
      await sleep(waitMs);
      const lock = await acquireLock(directory);
      if (!lock.ok) {
        if (lock.error.code !== "store.locked") return lock;
        continue;
      }
      try {
        return await work();
      } finally {
        await lock.value.release();
      }
    }
    return fail("ENV", "library.locked", "Another window or command is changing the library.", "Try again in a moment.");
  };

  return (work) => {
    const mine = queue.then(() => locked(work));
    queue = mine.catch(() => undefined);
    return mine;
  };
}

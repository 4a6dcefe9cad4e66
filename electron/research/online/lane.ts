import { fail, ok, type Clock, type Result } from "../../contract/index.js";

/** One service's queue: a single request at a time, and at least so long from one start to the next. */
export interface Lane {
  /** Runs `task` when it is its turn. `pace` is awaited before each request, redirects included. */
  run<Value>(task: (pace: () => Promise<Result<null>>) => Promise<Result<Value>>, signal: AbortSignal): Promise<Result<Value>>;
  /** The service asked for a pause. */
  holdOff(milliseconds: number): void;
}

export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Nobody waits longer than this for a turn; asking again later is better than a page that hangs. */
const longestWaitMs = 15_000;
const longestHoldMs = 15 * 60_000;
const mostWaiting = 8;

export function createLane(options: { readonly name: string; readonly intervalMs: number; readonly clock: Pick<Clock, "now">; readonly wait: Wait }): Lane {
  const { name, intervalMs, clock, wait } = options;
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let nextStartMs = Number.NEGATIVE_INFINITY;

  const paceFor = (signal: AbortSignal) => async (): Promise<Result<null>> => {
    const delayMs = nextStartMs - clock.now();
    if (delayMs > longestWaitMs) return fail("ENV", "online.rate_limited", `${name} asked for a pause.`, `Try again in ${Math.ceil(delayMs / 1000)} seconds.`);
    if (delayMs > 0) await wait(delayMs, signal).catch(() => undefined);
    if (signal.aborted) return stopped();
    nextStartMs = clock.now() + intervalMs;
    return ok(null);
  };

  return {
    async run(task, signal) {
      if (waiting >= mostWaiting) return fail("ENV", "online.busy", `Too many requests to ${name} are waiting already.`, "Try again in a moment.");
      waiting += 1;
      const before = tail;
      let release = (): void => undefined;
      tail = new Promise<void>((resolve) => { release = resolve; });
      try {
        await before;
        return signal.aborted ? stopped() : await task(paceFor(signal));
      } finally {
        waiting -= 1;
        release();
      }
    },
    holdOff(milliseconds) {
      nextStartMs = Math.max(nextStartMs, clock.now() + Math.min(Math.max(milliseconds, 0), longestHoldMs));
    },
  };
}

export const stopped = (): Result<never> => fail("CANCELLED", "online.cancelled", "The search was stopped.");

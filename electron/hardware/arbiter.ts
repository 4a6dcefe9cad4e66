import { FailureError, type Arbiter, type Holder } from "../contract/index.js";

type Tenant = Parameters<Arbiter["lease"]>[0];

export interface ObservableArbiter extends Arbiter {
  /** Who has the memory now; "free" between leases. */
  readonly holder: () => Holder;
  /** Called at every change of holder; returns what ends the subscription. */
  subscribe(listener: (holder: Holder) => void): () => void;
}

interface Waiting {
  readonly tenant: Tenant;
  readonly grant: () => void;
}

/**
 * One card, one tenant at a time, first come first served. `beforeTrainer` runs while the trainer already holds the
 * lease and before it may start: the llama worker is ended there, so that its memory goes back to the card.
 */
export function createArbiter(options: { beforeTrainer: () => Promise<void> }): ObservableArbiter {
  let holder: Holder = "free";
  const queue: Waiting[] = [];
  const listeners = new Set<(holder: Holder) => void>();

  const setHolder = (next: Holder): void => {
    if (next === holder) return;
    holder = next;
    for (const listener of listeners) listener(next);
  };
  const handOn = (): void => {
    const next = queue.shift();
    setHolder(next?.tenant ?? "free");
    next?.grant();
  };

  const wait = async (tenant: Tenant, signal: AbortSignal): Promise<void> => {
    if (holder === "free") { setHolder(tenant); return; }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { tenant, grant: () => { signal.removeEventListener("abort", leave); resolve(); } };
      const leave = (): void => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(cancelled(tenant));
      };
      signal.addEventListener("abort", leave, { once: true });
      queue.push(waiting);
    });
  };

  return {
    async lease(tenant, signal) {
      if (signal.aborted) throw cancelled(tenant);
      await wait(tenant, signal);
      let ended = false;
      const end = async (): Promise<void> => {
        if (ended) return;
        ended = true;
        handOn();
      };
      if (tenant === "trainer") {
        try {
          await options.beforeTrainer();
        } catch (error) {
          await end();
          throw error;
        }
      }
      return end;
    },
    holder: () => holder,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function cancelled(tenant: Tenant): FailureError {
  return new FailureError({ class: "CANCELLED", code: "lease.cancelled", message: `Waiting for memory for the ${tenant} was stopped on request.`, hint: "" });
}

import type { Push } from "../contract/index.js";

export type PushMessage = Push["message"];

export interface PushHub {
  /** Number of the newest push; a page that loads the state now has seen everything up to here. */
  sequence(): number;
  readonly send: (message: PushMessage) => void;
  subscribe(listener: (push: Push) => void): () => void;
}

/** One numbered stream for all open pages. Nothing is kept: a page that sees a gap loads the state again. */
export function createPushHub(): PushHub {
  let sequence = 0;
  const listeners = new Set<(push: Push) => void>();
  return {
    sequence: () => sequence,
    send(message) {
      sequence += 1;
      for (const listener of listeners) listener({ sequence, message });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

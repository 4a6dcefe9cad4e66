export interface Coalescer<Value> {
  push(value: Value): void;
  /** Hands on what waits, now. */
  flush(): void;
}

/** Hands on the newest value at most once per `intervalMs`: screens need the latest state, not every step to it. */
export function coalesce<Value>(intervalMs: number, handOn: (value: Value) => void): Coalescer<Value> {
  let waiting: { value: Value } | null = null;
  let timer: NodeJS.Timeout | null = null;

  const rest = (): void => {
    timer = setTimeout(() => {
      timer = null;
      const next = waiting;
      waiting = null;
      if (next === null) return;
      rest();
      handOn(next.value);
    }, intervalMs);
    timer.unref();
  };
  return {
    push(value) {
      if (timer !== null) {
        waiting = { value };
        return;
      }
      rest();
      handOn(value);
    },
    flush() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      const next = waiting;
      waiting = null;
      if (next !== null) handOn(next.value);
    },
  };
}

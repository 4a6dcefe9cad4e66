export interface Coalescer<Value> {
  push(value: Value): void;
  /** Hands on what waits, now. */
  flush(): void;
}

/** Hands on the newest value at most once per `intervalMs`: screens need the latest state, not every step to it. */
export function coalesce<Value>(intervalMs: number, handOn: (value: Value) => void): Coalescer<Value> {
  let waiting: { value: Value } | null = null;
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const next = waiting;
    waiting = null;
    if (next !== null) handOn(next.value);
  };
  return {
    push(value) {
      const idle = timer === null;
      if (!idle) {
        waiting = { value };
        return;
      }
      handOn(value);
      timer = setTimeout(() => {
        timer = null;
        if (waiting !== null) flush();
      }, intervalMs);
      timer.unref();
    },
    flush,
  };
}

/** What can go wrong is a value: it carries a sentence for the screen, what was kept, and what to do next. */
export const failureClasses = ["CONFIG", "OOM", "DATA", "ENV", "TIMEOUT", "DIVERGED", "CANCELLED", "INTERNAL"] as const;
export type FailureClass = (typeof failureClasses)[number];

export interface Failure {
  readonly class: FailureClass;
  /** Stable, dotted and lower case, for scripts: `model.not_gguf`. */
  readonly code: string;
  /** One plain sentence: what happened. */
  readonly message: string;
  /** What to do next; empty when there is nothing useful to say. */
  readonly hint: string;
}

export type Result<Value, Problem = Failure> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Problem };

export const ok = <Value>(value: Value): Result<Value, never> => ({ ok: true, value });
export const fail = (failureClass: FailureClass, code: string, message: string, hint = ""): Result<never> => ({
  ok: false,
  error: { class: failureClass, code, message, hint },
});
export const err = <Problem>(error: Problem): Result<never, Problem> => ({ ok: false, error });

/** Carries a Failure through code that can only throw (streams, callbacks). Caught where a Result is made. */
export class FailureError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
    this.name = "FailureError";
  }
}

export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}

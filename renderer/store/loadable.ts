import type { Failure } from "../contract.js";

/** What the host says went wrong, as it comes over the wire. */
export type Problem = Readonly<Record<keyof Failure, string>>;

/** Something asked of the host. While it loads again, and when that fails, the last good value stays on the screen. */
export type Loadable<Value> =
  | { readonly state: "idle" }
  | { readonly state: "loading"; readonly value: Value | null }
  | { readonly state: "ready"; readonly value: Value }
  | { readonly state: "failed"; readonly error: Problem; readonly value: Value | null };

export const idle: Loadable<never> = { state: "idle" };
export const valueOf = <Value>(loadable: Loadable<Value> | undefined): Value | null =>
  loadable === undefined || loadable.state === "idle" ? null : loadable.value;
export const loading = <Value>(before: Loadable<Value> | undefined): Loadable<Value> => ({ state: "loading", value: valueOf(before) });
export const settled = <Value>(
  before: Loadable<Value> | undefined,
  answer: Answer<Value>,
): Loadable<Value> => (answer.ok ? { state: "ready", value: answer.value } : { state: "failed", error: answer.error, value: valueOf(before) });

/** What the host answers: a value, or a problem with a sentence for the screen. */
export type Answer<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: Problem };

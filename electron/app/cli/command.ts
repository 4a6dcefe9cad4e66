import type { ParseArgsConfig } from "node:util";
import { err, type Failure, type Result } from "../../contract/index.js";
import type { App } from "../create-app.js";
import type { Output } from "./output.js";

/** 0 done, 1 failed, 2 usage, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** After `trex `: arguments and options. */
  readonly usage: string;
  readonly details: readonly string[];
  readonly example: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  readonly positionals: { readonly least: number; readonly most: number };
  readonly hidden?: boolean;
  run(context: CommandContext): Promise<ExitCode>;
}

export interface CommandContext {
  readonly values: Values;
  readonly positionals: readonly string[];
  readonly json: boolean;
  readonly output: Output;
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Built on first use, disposed by `main`. */
  readonly app: () => App;
}

/** Options as `parseArgs` gives them, read by type. */
export class Values {
  constructor(private readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>) {}

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === "string" ? value : undefined;
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  /** An option given any number of times as NAME=VALUE; what has no "=" counts as a name with an empty value. */
  pairs(name: string): readonly (readonly [string, string])[] {
    const value = this.values[name];
    const texts = Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
    return texts.map((text) => {
      const at = text.indexOf("=");
      return at < 0 ? [text, ""] as const : [text.slice(0, at), text.slice(at + 1)] as const;
    });
  }

  /** A whole number of at least `least`; a failure of class CONFIG and code `usage` otherwise. */
  whole(name: string, least = 0): Result<number | undefined> {
    const text = this.text(name);
    if (text === undefined) return { ok: true, value: undefined };
    const value = Number(text);
    return /^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least ? { ok: true, value } : err(usageFailure(`--${name} must be a whole number of at least ${least}, not "${text.slice(0, 40)}".`));
  }
}

export const usageCode = "usage";

export function usageFailure(message: string, hint = ""): Failure {
  return { class: "CONFIG", code: usageCode, message, hint };
}

export function exitCodeOf(failure: Failure): ExitCode {
  if (failure.code === usageCode) return 2;
  return failure.class === "CANCELLED" ? 130 : 1;
}

/** Says a failure and gives its exit code. */
export function refuse(context: Pick<CommandContext, "output" | "json">, failure: Failure): ExitCode {
  context.output.failure(failure, context.json);
  return exitCodeOf(failure);
}

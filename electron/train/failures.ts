import { err, type Failure, type FailureClass, type Result } from "../contract/index.js";
import { failureClassSchema, type errorEventSchema } from "./protocol.js";
import type { z } from "zod";

/** Exit codes of trex-train and what each means here (native-trainer/README.md). */
const classOfExitCode: Readonly<Record<number, FailureClass>> = {
  2: "INTERNAL", 10: "CONFIG", 11: "OOM", 12: "DATA", 13: "ENV", 14: "TIMEOUT", 15: "DIVERGED", 70: "INTERNAL", 130: "CANCELLED",
};

export interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error: z.infer<typeof errorEventSchema> | null;
  /** Anything the protocol does not allow, in words; null when all was well. */
  readonly oddity: string | null;
  readonly stderrTail: string;
}

/** Turns the way trex-train ended into a sentence. Its own words win; an ending without words is explained. */
export function failureOf(command: string, ending: Ending): Failure {
  const { error, exitCode, signal } = ending;
  if (error !== null) {
    const named = failureClassSchema.safeParse(error.class);
    const fromCode = exitCode === null ? undefined : classOfExitCode[exitCode];
    return { class: named.success ? named.data : (fromCode ?? "INTERNAL"), code: error.code, message: error.message, hint: error.hint };
  }
  if (signal !== null) return killed(command, signal, ending);
  if (exitCode === 130) {
    return { class: "CANCELLED", code: "trainer.interrupted", message: `trex-train ${command} was interrupted; its last checkpoint is kept.`, hint: "Resume the run to go on." };
  }
  const what = `ended with code ${exitCode ?? "unknown"} without saying why`;
  const failureClass = exitCode === null ? "INTERNAL" : (classOfExitCode[exitCode] ?? "INTERNAL");
  return { class: failureClass, code: "trainer.no_result", message: `trex-train ${command} ${what}${trace(ending)}.`, hint: "Please report this with the message above." };
}

/** It ended well and yet did not say what was asked. */
export function noResult(command: string, oddity: string | null): Result<never> {
  return err({ class: "INTERNAL", code: "trainer.no_result", message: `trex-train ${command} ended without its result${oddity === null ? "" : ` (${oddity})`}.`, hint: "It will be tried again; if it happens every time, please report it." });
}

function killed(command: string, signal: NodeJS.Signals, ending: Ending): Failure {
  if (signal === "SIGKILL") {
    return {
      class: "OOM", code: "trainer.killed",
      message: `The system ended trex-train ${command} (SIGKILL), most likely because memory ran out${trace(ending)}.`,
      hint: "Close other programs, or choose a smaller model, a shorter sequence or fewer tokens per step.",
    };
  }
  return {
    class: "ENV", code: "trainer.crashed",
    message: `trex-train ${command} crashed (${signal})${trace(ending)}. Everything finished before it is kept.`,
    hint: "It will be tried again; if it happens every time, please report it with this message.",
  };
}

function trace({ oddity, stderrTail }: Ending): string {
  const parts = [oddity, stderrTail === "" ? null : `it last said: ${stderrTail}`].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

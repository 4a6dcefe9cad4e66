import { spawn } from "node:child_process";
import { err, fail, ok, type Result } from "../contract/index.js";
import { failureOf } from "./failures.js";
import { DocumentCollector, LineSplitter, type LineProblem } from "./lines.js";
import { errorEventSchema } from "./protocol.js";

/** How long trex-train may take to write its checkpoint after SIGTERM before it is killed. */
const graceMs = 2_000;
const stderrKept = 4_096;

export interface RunningTrainer {
  readonly pid: number;
}

export interface TrainerCall {
  readonly binaryPath: string;
  readonly command: string;
  /** Written to standard input as JSON; absent for commands that read none. */
  readonly request?: unknown;
  readonly args?: readonly string[];
  /** Standard output is one JSON document (perhaps over many lines), or one JSON value a line while it works. */
  readonly output: "document" | "lines";
  /** Each JSON value of standard output but `error` events. Returning a text refuses it with that reason. */
  readonly onValue: (value: unknown) => string | null;
  readonly signal: AbortSignal;
  readonly onStart?: (running: RunningTrainer) => void;
  readonly onEnd?: (running: RunningTrainer) => void;
}

/** A good ending. `oddity`: what else it printed that the protocol does not allow, in words; explains a missing answer. */
export interface Ended {
  readonly oddity: string | null;
}

/**
 * Runs one trex-train command to its end. Resolves only after the process is gone, so its files are quiet then.
 * Expected failures come back as values; an aborted signal gives CANCELLED.
 */
export async function callTrainer(call: TrainerCall): Promise<Result<Ended>> {
  if (call.signal.aborted) return cancelled(call.command);
  return await new Promise((resolve) => {
    const args = [call.command, ...(call.args ?? (call.request === undefined ? [] : ["-"]))];
    const child = spawn(call.binaryPath, args, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    let oddity: string | null = null;
    let refused = false;
    let errorEvent: ReturnType<typeof errorEventSchema.parse> | null = null;
    let stderrTail = "";
    let killTimer: NodeJS.Timeout | undefined;
    const note = (text: string): void => { oddity ??= text; };

    const stop = (): void => {
      child.kill("SIGTERM");
      killTimer ??= setTimeout(() => child.kill("SIGKILL"), graceMs);
    };
    const refuse = (reason: string): void => {
      note(reason);
      refused = true;
      stop();
    };
    const onText = (text: string): void => {
      const value = parseJson(text);
      if (value === undefined) { note(`it printed something that is not JSON: ${JSON.stringify(text.slice(0, 120))}`); return; }
      const asError = errorEventSchema.safeParse(value);
      if (asError.success) {
        errorEvent = asError.data;
        return;
      }
      const reason = call.onValue(value);
      if (reason !== null) refuse(reason);
    };
    const sink = call.output === "lines"
      ? new LineSplitter(onText, (problem) => note(describeProblem(problem)))
      : new DocumentCollector(onText, (problem) => note(describeProblem(problem)));

    child.stdout.on("data", (chunk: Buffer) => sink.write(chunk));
    child.stderr.on("data", (chunk: Buffer) => { stderrTail = (stderrTail + chunk.toString("utf8")).slice(-stderrKept); });
    // A child that ends before reading all of its request breaks the pipe; how it ended says why, so this may pass.
    child.stdin.on("error", () => undefined);
    child.stdin.end(call.request === undefined ? "" : JSON.stringify(call.request));

    const running = child.pid === undefined ? null : { pid: child.pid };
    if (running !== null) call.onStart?.(running);
    call.signal.addEventListener("abort", stop, { once: true });

    let settled = false;
    const settle = (result: Result<Ended>): void => {
      if (settled) return;
      settled = true;
      clearTimeout(killTimer);
      call.signal.removeEventListener("abort", stop);
      if (running !== null) call.onEnd?.(running);
      resolve(result);
    };
    child.on("error", (error: NodeJS.ErrnoException) => settle(cannotStart(call.binaryPath, error)));
    child.on("close", (exitCode, signal) => {
      sink.end();
      if (call.signal.aborted) { settle(cancelled(call.command)); return; }
      const ending = { exitCode, signal, error: errorEvent, oddity, stderrTail: stderrTail.trim().split("\n").at(-1) ?? "" };
      if (refused) { settle(fail("INTERNAL", "trainer.protocol", `trex-train ${call.command} answered in a way this version does not understand: ${oddity ?? ""}.`, "The trainer and the app must come from the same release; install again.")); return; }
      settle(exitCode === 0 && errorEvent === null ? ok({ oddity }) : err(failureOf(call.command, ending)));
    });
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function describeProblem(problem: LineProblem): string {
  return problem.kind === "torn"
    ? `its last line was cut off: ${JSON.stringify(problem.text.slice(0, 120))}`
    : `it printed ${problem.bytes} bytes without an end`;
}

function cancelled(command: string): Result<never> {
  return fail("CANCELLED", "trainer.cancelled", `trex-train ${command} was stopped on request.`, "Resume the run to go on.");
}

function cannotStart(binaryPath: string, error: NodeJS.ErrnoException): Result<never> {
  if (error.code === "ENOENT") return fail("ENV", "trainer.not_found", `The trainer was not found at ${binaryPath}.`, "In a clone, run `npm run bootstrap` to build it; in an installed app, install again.");
  if (error.code === "EACCES") return fail("ENV", "trainer.not_executable", `The trainer at ${binaryPath} may not be run: permission denied.`, "Check the file's permissions, or whether the disk forbids running programs (noexec).");
  return fail("ENV", "trainer.cannot_start", `The trainer could not be started: ${error.message}.`, "Close other programs and try again.");
}

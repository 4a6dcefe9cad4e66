import type { Failure } from "../../contract/index.js";

/** Results go to standard output, everything else to standard error, so that a script reads exactly one thing. */
export interface Output {
  readonly liveTerminal: boolean;
  readonly columns: number;
  result(text: string): void;
  json(value: unknown): void;
  note(text: string): void;
  /** Replaces the line that the last `status` wrote; on a pipe it does nothing. */
  status(text: string): void;
  failure(failure: Failure, json: boolean): void;
}

/** The part of a process's stream that is used here. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Streams {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function createOutput({ stdout, stderr, environment }: Streams): Output {
  const liveTerminal = stderr.isTTY === true && environment.TERM !== "dumb" && environment.CI === undefined;
  // A terminal that does not know its width says 0 or nothing.
  const columns = (stderr.columns ?? 0) >= 20 ? (stderr.columns ?? 80) : 80;
  let statusShown = false;
  const clear = (): void => {
    if (statusShown) stderr.write("\r\u001b[K");
    statusShown = false;
  };
  return {
    liveTerminal,
    columns,
    result(text) {
      clear();
      stdout.write(`${text}\n`);
    },
    json(value) {
      clear();
      stdout.write(`${JSON.stringify(value)}\n`);
    },
    note(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    status(text) {
      if (!liveTerminal) return;
      const line = plain(text);
      stderr.write(`\r\u001b[K${line.length < columns ? line : `${line.slice(0, columns - 2)}…`}`);
      statusShown = true;
    },
    failure(failure, json) {
      clear();
      stderr.write(`${plain([failure.message, failure.hint].filter((part) => part !== "").join(" "))}\n`);
      if (json) stdout.write(`${JSON.stringify({ error: { class: failure.class, code: failure.code, message: failure.message, hint: failure.hint } })}\n`);
    },
  };
}

/** Names and texts from files may carry terminal control sequences; a terminal gets printable characters only. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ");
}

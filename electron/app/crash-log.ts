import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";

/**
 * The one place a bug ends in: its stack goes to a log file, whose path is given back for the sentence on the screen.
 * Synchronous, because the process may be about to end.
 */
export function writeCrashLog(logs: string, error: unknown): string {
  const file = path.join(logs, `crash-${new Date().toISOString().slice(0, 10)}.log`);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    mkdirSync(logs, { recursive: true });
    appendFileSync(file, `${new Date().toISOString()} ${process.argv.slice(2, 3).join(" ")}\n${text}\n\n`);
    return file;
  } catch {
    // No disk to write to: the sentence then says so, and the text itself is all there is.
    return `(the log could not be written) ${text.split("\n")[0] ?? ""}`;
  }
}

import { spawn } from "node:child_process";

export type BoundedOutcome =
  | { readonly kind: "ended"; readonly exitCode: number | null; readonly stdout: string; readonly stderr: string; readonly elapsedMs: number }
  | { readonly kind: "timed-out"; readonly elapsedMs: number }
  | { readonly kind: "not-found"; readonly elapsedMs: number }
  | { readonly kind: "cannot-start"; readonly reason: string; readonly elapsedMs: number };

const longestOutputBytes = 1024 * 1024;

/**
 * Runs a small program with a hard time limit. Unlike execFile's `timeout`, this settles even when the program cannot be
 * killed (a driver call that hangs in the kernel) or left a grandchild that holds the pipe open: a whole process group is
 * killed, and nothing is waited for after that.
 */
export async function runBounded(file: string, args: readonly string[], timeoutMs: number): Promise<BoundedOutcome> {
  const start = performance.now();
  const elapsedMs = (): number => Math.round(performance.now() - start);
  const ownGroup = process.platform !== "win32";
  return await new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], windowsHide: true, detached: ownGroup, env: { ...process.env, LC_ALL: "C" } });
    const output = { stdout: "", stderr: "" };
    const keep = (name: "stdout" | "stderr") => (chunk: Buffer): void => {
      if (output[name].length < longestOutputBytes) output[name] += chunk.toString("utf8");
    };
    child.stdout.on("data", keep("stdout"));
    child.stderr.on("data", keep("stderr"));

    const timer = setTimeout(() => {
      killGroup(child.pid, ownGroup);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve({ kind: "timed-out", elapsedMs: elapsedMs() });
    }, timeoutMs);
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(error.code === "ENOENT" ? { kind: "not-found", elapsedMs: elapsedMs() } : { kind: "cannot-start", reason: error.message, elapsedMs: elapsedMs() });
    });
    child.on("close", (exitCode) => {
      clearTimeout(timer);
      resolve({ kind: "ended", exitCode, ...output, elapsedMs: elapsedMs() });
    });
  });
}

function killGroup(pid: number | undefined, ownGroup: boolean): void {
  if (pid === undefined) return;
  try {
    process.kill(ownGroup ? -pid : pid, "SIGKILL");
  } catch (error) {
    // It ended by itself between the timer and here.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** A running worker, whatever started it. `onExit` fires exactly once, also when starting failed. */
export interface WorkerProcess {
  send(message: unknown): void;
  /** Ends it at once; nothing in it is worth saving. */
  kill(): void;
  onMessage(listener: (message: unknown) => void): void;
  onExit(listener: (how: string) => void): void;
  /** The last lines of its stderr, for diagnostics; bounded. */
  stderrTail(): string;
}
export type StartWorker = (entryPath: string, environment: Readonly<Record<string, string>>) => WorkerProcess;

/** When the sources run directly (tests), the compiled worker lies under dist. */
export function defaultWorkerEntry(): string {
  const beside = fileURLToPath(new URL("./worker/main.js", import.meta.url));
  if (existsSync(beside)) return beside;
  return fileURLToPath(new URL("../../dist/electron/models/worker/main.js", import.meta.url));
}

const stderrCharacters = 16_384;
/** Each context decodes on a thread of this pool; sampling and file reading need one, too. */
const poolThreads = Math.max(4, availableParallelism() + 2);

function createTail(): { add: (chunk: unknown) => void; text: () => string } {
  let tail = "";
  return {
    add: (chunk) => { tail = (tail + String(chunk)).slice(-stderrCharacters); },
    text: () => tail,
  };
}

/** A plain Node child: the command line, `trex serve` and the tests. The parent's own flags are not handed down. */
export const startNodeWorker: StartWorker = (entryPath, environment) => {
  const child = fork(entryPath, [], {
    execArgv: [], serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, NODE_OPTIONS: "", UV_THREADPOOL_SIZE: String(poolThreads), ...environment },
  });
  const tail = createTail();
  child.stderr?.on("data", tail.add);
  return {
    send: (message) => {
      // A worker that died a moment ago refuses messages; its exit event says so to everybody who waits.
      if (child.connected) child.send(message as object, () => undefined);
    },
    kill: () => { child.kill("SIGKILL"); },
    onMessage: (listener) => { child.on("message", listener); },
    onExit: (listener) => {
      let told = false;
      const tell = (how: string): void => { if (!told) { told = true; listener(how); } };
      child.on("exit", (code, signal) => { tell(signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`); });
      child.on("error", (error) => { tell(error.message); });
    },
    stderrTail: tail.text,
  };
};

/** The part of Electron's `utilityProcess` that is used here; `shell/` hands the real one in. */
export interface UtilityProcessModule {
  fork(entryPath: string, parameters: string[], options: { stdio: ("ignore" | "pipe")[]; env: Record<string, string | undefined>; serviceName: string }): {
    postMessage(message: unknown): void;
    kill(): boolean;
    on(event: "message", listener: (message: unknown) => void): unknown;
    on(event: "exit", listener: (code: number) => void): unknown;
    readonly stderr: { on(event: "data", listener: (chunk: unknown) => void): unknown } | null;
  };
}

/** Inside Electron: a packaged app may forbid running itself as Node, which `fork` would need. */
export function utilityProcessStarter(utilityProcess: UtilityProcessModule): StartWorker {
  return (entryPath, environment) => {
    const child = utilityProcess.fork(entryPath, [], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, UV_THREADPOOL_SIZE: String(poolThreads), ...environment }, serviceName: "llama worker" });
    const tail = createTail();
    child.stderr?.on("data", tail.add);
    return {
      send: (message) => { child.postMessage(message); },
      kill: () => { child.kill(); },
      onMessage: (listener) => { child.on("message", listener); },
      onExit: (listener) => { child.on("exit", (code) => { listener(`exit code ${code}`); }); },
      stderrTail: tail.text,
    };
  };
}

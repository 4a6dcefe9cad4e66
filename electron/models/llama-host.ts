import { basename } from "node:path";
import { err, fail, ok, type Failure, type LlamaHost, type Result } from "../contract/index.js";
import { fromWorkerSchema, workerResultSchemas, type FromWorker, type ToWorker, type WorkerCall, type WorkerCallOf, type WorkerResult } from "./worker/protocol.js";
import { defaultWorkerEntry, startNodeWorker, type StartWorker, type WorkerProcess } from "./worker-process.js";

export interface LlamaHostOptions {
  /** "off": arithmetic on the processor only. Default: the environment's TREX_GPU, else "auto". */
  readonly gpu?: "auto" | "off";
  readonly workerEntry?: string;
  /** Default: a plain Node child; Electron's main process hands in `utilityProcessStarter(utilityProcess)`. */
  readonly startWorker?: StartWorker;
  /** A worker that says nothing for so long while it should work is taken for hung and ended. */
  readonly stallLimitMs?: number;
}

/** After a cancellation the worker may finish the batch at hand; then it is ended. */
const cancelGraceMs = 700;
const memoryAnswerMs = 500;
/** On top of an agent turn's own time limit, which starts when the model is loaded. */
const defaultStallLimitMs = 300_000;

interface Pending {
  readonly settle: (outcome: Result<unknown>) => void;
  readonly progress: (message: Extract<FromWorker, { type: "progress" }>) => void;
  /** The worker said something, perhaps to another call: it does not hang. */
  readonly alive: () => void;
}

interface Running {
  readonly process: WorkerProcess;
  readonly pending: Map<number, Pending>;
  readonly memory: Map<number, (bytes: number) => void>;
  readonly exited: Promise<void>;
  released: boolean;
}

/**
 * The llama worker behind the contract's port. The process starts with the first call and ends with `release`; when
 * it dies during a call, the call is tried once more in a new process and then explained (ENV `llama.crashed`).
 */
export function createLlamaHost(options: LlamaHostOptions = {}): LlamaHost {
  const start = options.startWorker ?? startNodeWorker;
  const stallLimitMs = options.stallLimitMs ?? defaultStallLimitMs;
  let worker: Running | undefined;
  let nextId = 1;

  function running(): Running {
    if (worker !== undefined) return worker;
    const environment = { ...(options.gpu === undefined ? {} : { TREX_GPU: options.gpu }) };
    const process = start(options.workerEntry ?? defaultWorkerEntry(), environment);
    let tellExited: () => void = () => undefined;
    const made: Running = { process, pending: new Map(), memory: new Map(), exited: new Promise((resolve) => { tellExited = resolve; }), released: false };
    process.onMessage((raw) => { receive(made, raw); });
    process.onExit((how) => {
      if (worker === made) worker = undefined;
      for (const tell of made.memory.values()) tell(0);
      const failure = made.released ? releasedFailure : crashFailure(how, process.stderrTail());
      for (const pending of [...made.pending.values()]) pending.settle(err(failure));
      tellExited();
    });
    worker = made;
    return made;
  }

  async function call<Kind extends WorkerCall["kind"]>(request: WorkerCallOf<Kind>, signal: AbortSignal, progress: Pending["progress"] = () => undefined): Promise<Result<WorkerResult<Kind>>> {
    const first = await callOnce(request, signal, progress);
    if (first.ok || first.error.code !== crashCode || signal.aborted) return first;
    const second = await callOnce(request, signal, progress);
    if (second.ok || second.error.code !== crashCode) return second;
    return fail("ENV", crashCode, `llama.cpp ended twice while it worked on ${basename(request.modelPath)} (${second.error.message}).`,
      `${second.error.hint === "" ? "" : `Its last words: ${second.error.hint} `}The file may be damaged or need more memory than there is; try another model.`);
  }

  function callOnce<Kind extends WorkerCall["kind"]>(request: WorkerCallOf<Kind>, signal: AbortSignal, progress: Pending["progress"]): Promise<Result<WorkerResult<Kind>>> {
    if (signal.aborted) return Promise.resolve(err(cancelledFailure));
    const current = running();
    const id = nextId++;
    return new Promise((resolve) => {
      let cancelTimer: NodeJS.Timeout | undefined;
      let stallTimer: NodeJS.Timeout | undefined;
      const watch = (): void => {
        clearTimeout(stallTimer);
        stallTimer = setTimeout(() => {
          settle(fail("TIMEOUT", "llama.stalled", `llama.cpp said nothing for ${Math.round(stallLimitMs / 1000)} seconds while it worked on ${basename(request.modelPath)}, and was ended.`, "Try again, or choose a smaller model."));
          end(current);
        }, stallLimitMs);
      };
      const cancel = (): void => {
        send(current, { type: "cancel", id });
        cancelTimer = setTimeout(() => {
          settle(err(cancelledFailure));
          end(current);
        }, cancelGraceMs);
      };
      const settle = (outcome: Result<unknown>): void => {
        clearTimeout(cancelTimer);
        clearTimeout(stallTimer);
        signal.removeEventListener("abort", cancel);
        current.pending.delete(id);
        if (!outcome.ok) { resolve(signal.aborted ? err(cancelledFailure) : outcome); return; }
        const checked = workerResultSchemas[request.kind].safeParse(outcome.value);
        resolve(checked.success ? ok(checked.data as WorkerResult<Kind>) : fail("INTERNAL", "llama.bad_answer", "The llama worker sent an answer of the wrong shape.", "Please report this."));
      };
      current.pending.set(id, { settle, progress, alive: watch });
      signal.addEventListener("abort", cancel, { once: true });
      watch();
      send(current, { type: "call", id, call: request });
    });
  }

  function end(target: Running): void {
    if (worker === target) worker = undefined;
    target.process.kill();
  }

  return {
    async tokenize(request, signal) {
      const result = await call<"tokenize">({ kind: "tokenize", modelPath: request.modelPath, sequences: request.sequences.map((sequence) => [...sequence]), addBos: request.addBos }, signal);
      return result.ok ? ok(result.value.map((tokens) => Array.from(tokens))) : result;
    },
    templateOf: (modelPath, signal) => call<"template">({ kind: "template", modelPath }, signal),
    async generate(request, signal) {
      const result = await call<"generate">({
        kind: "generate", modelPath: request.modelPath, adapterPath: request.adapterPath, prompts: request.prompts.map((prompt) => Int32Array.from(prompt)),
        maxTokens: request.maxTokens, threads: request.threads,
      }, signal, (message) => { if (message.done !== null) request.onProgress?.(message.done); });
      return result.ok ? ok(result.value.map((answer) => ({ ...answer, tokens: Array.from(answer.tokens) }))) : result;
    },
    complete: (request, signal) => call<"complete">({
      kind: "complete", modelPath: request.modelPath, system: request.system, user: request.user, jsonSchema: request.jsonSchema === undefined ? null : { ...request.jsonSchema },
      maxTokens: request.maxTokens, timeLimitMs: request.timeLimitMs, temperature: request.temperature, seed: request.seed,
    }, signal, (message) => { if (message.text !== null) request.onToken?.(message.text); }),
    embed: (request, signal) => embedInShares(request.texts, (texts) => call<"embed">({ kind: "embed", modelPath: request.modelPath, texts: [...texts] }, signal)),
    async memoryBytes() {
      const current = worker;
      if (current === undefined) return 0;
      const id = nextId++;
      return new Promise((resolve) => {
        const tell = (bytes: number): void => { clearTimeout(timer); current.memory.delete(id); resolve(bytes); };
        const timer = setTimeout(() => { tell(0); }, memoryAnswerMs);
        current.memory.set(id, tell);
        send(current, { type: "memory", id });
      });
    },
    async release() {
      const current = worker;
      if (current === undefined) return;
      current.released = true;
      end(current);
      await current.exited;
    },
  };
}

/** A crash costs a share of the texts, not all of them, and other calls get between. */
const textsOfShare = 64;

async function embedInShares(texts: readonly string[], embed: (share: readonly string[]) => Promise<Result<Float32Array[]>>): Promise<Result<readonly Float32Array[]>> {
  const vectors: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += textsOfShare) {
    const share = texts.slice(from, from + textsOfShare);
    const done = await embed(share);
    if (!done.ok) return done;
    if (done.value.length !== share.length) return fail("INTERNAL", "llama.bad_answer", "The llama worker sent an answer of the wrong shape.", "Please report this.");
    vectors.push(...done.value);
  }
  return ok(vectors);
}

function send(target: Running, message: ToWorker): void {
  target.process.send(message);
}

function receive(from: Running, raw: unknown): void {
  const message = fromWorkerSchema.safeParse(raw);
  if (!message.success) return;
  for (const pending of from.pending.values()) pending.alive();
  switch (message.data.type) {
    case "result": from.pending.get(message.data.id)?.settle(ok(message.data.value)); return;
    case "failure": from.pending.get(message.data.id)?.settle(err(message.data.failure)); return;
    case "progress": from.pending.get(message.data.id)?.progress(message.data); return;
    case "memory": from.memory.get(message.data.id)?.(message.data.bytes);
  }
}

const crashCode = "llama.crashed";
const cancelledFailure: Failure = { class: "CANCELLED", code: "llama.cancelled", message: "The model was stopped before it finished.", hint: "" };
const releasedFailure: Failure = { class: "CANCELLED", code: "llama.released", message: "The model was unloaded before it finished.", hint: "" };

/** `message` says how the process ended and `hint` its last words; `call` makes the sentence for people of both. */
function crashFailure(how: string, stderr: string): Failure {
  const lastLine = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "").at(-1) ?? "";
  return { class: "ENV", code: crashCode, message: how, hint: lastLine.replace(/\p{C}+/gu, " ").slice(0, 300) };
}

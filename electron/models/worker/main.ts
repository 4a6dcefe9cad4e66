/** The llama worker: the only process that loads native inference. It takes one call at a time and dies with its parent. */
import { FailureError, type Failure } from "../../contract/index.js";
import { complete } from "./complete.js";
import { embed } from "./embed.js";
import { createEngine } from "./engine.js";
import { generate } from "./generate.js";
import { toWorkerSchema, type CallControl, type FromWorker, type WorkerCall } from "./protocol.js";
import { templateOf, tokenizeSequences } from "./tokenize.js";

interface ParentPort {
  on(event: "message", listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}
const parentPort = (process as { parentPort?: ParentPort }).parentPort;

function send(message: FromWorker): void {
  if (parentPort !== undefined) parentPort.postMessage(message);
  else process.send?.(message);
}

const engine = createEngine({ gpu: process.env.TREX_GPU === "off" ? "off" : "auto" });
const running = new Map<number, AbortController>();
let queue: Promise<void> = Promise.resolve();

function perform(call: WorkerCall, control: CallControl): Promise<unknown> {
  switch (call.kind) {
    case "tokenize": return tokenizeSequences(engine, call, control);
    case "template": return templateOf(engine, call, control);
    case "generate": return generate(engine, call, control);
    case "complete": return complete(engine, call, control);
    case "embed": return embed(engine, call, control);
  }
}

function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted) return { class: "CANCELLED", code: "llama.cancelled", message: "The model was stopped before it finished.", hint: "" };
  if (error instanceof FailureError) return error.failure;
  const reason = error instanceof Error ? error.message : String(error);
  return { class: "ENV", code: "llama.failed", message: `llama.cpp reported: ${reason}`, hint: "" };
}

async function answer(id: number, call: WorkerCall, controller: AbortController): Promise<void> {
  const control: CallControl = {
    signal: controller.signal,
    progress: (done, text) => { send({ type: "progress", id, done, text: text ?? null }); },
  };
  try {
    if (controller.signal.aborted) throw new Error("cancelled");
    send({ type: "result", id, value: await perform(call, control) });
  } catch (error) {
    send({ type: "failure", id, failure: failureOf(error, controller.signal) });
  } finally {
    running.delete(id);
  }
}

function receive(raw: unknown): void {
  const message = toWorkerSchema.parse(raw);
  switch (message.type) {
    case "cancel": running.get(message.id)?.abort(); return;
    case "memory": send({ type: "memory", id: message.id, bytes: process.memoryUsage.rss() }); return;
    case "call": {
      const controller = new AbortController();
      running.set(message.id, controller);
      queue = queue.then(() => answer(message.id, message.call, controller));
    }
  }
}

if (parentPort !== undefined) parentPort.on("message", (event) => { receive(event.data); });
else {
  process.on("message", receive);
  // No orderly exit: native threads may be at work, and an orphan must not keep the card's memory.
  process.on("disconnect", () => { process.kill(process.pid, "SIGKILL"); });
}

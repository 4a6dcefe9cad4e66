import { describe, expect, it } from "vitest";
import { createLlamaHost } from "./llama-host.js";
import type { StartWorker, WorkerProcess } from "./worker-process.js";

interface Scripted {
  readonly calls: unknown[];
  say(message: unknown): void;
  die(how: string): void;
  killed: boolean;
}

/** The process boundary, played by a script: what it does with each message is the test's business. */
function scriptedStarter(onMessage: (worker: Scripted, message: { type: string; id: number }, processNumber: number) => void): { start: StartWorker; workers: Scripted[] } {
  const workers: Scripted[] = [];
  const start: StartWorker = (): WorkerProcess => {
    let tellMessage: (message: unknown) => void = () => undefined;
    let tellExit: (how: string) => void = () => undefined;
    const scripted: Scripted = {
      calls: [], killed: false,
      say: (message) => { setImmediate(() => { tellMessage(message); }); },
      die: (how) => { setImmediate(() => { tellExit(how); }); },
    };
    workers.push(scripted);
    const number = workers.length;
    return {
      send: (message) => { scripted.calls.push(message); onMessage(scripted, message as { type: string; id: number }, number); },
      kill: () => { scripted.killed = true; scripted.die("signal SIGKILL"); },
      onMessage: (listener) => { tellMessage = listener; },
      onExit: (listener) => { tellExit = listener; },
      stderrTail: () => "earlier line\nggml.c:123: GGML_ASSERT(x) failed\n",
    };
  };
  return { start, workers };
}

const signal = (): AbortSignal => new AbortController().signal;
const template = { template: null, bosToken: "", eosToken: "", endOfTurnTokens: [1] };

describe("createLlamaHost", () => {
  it("tries a call again in a new process when the first one dies", async () => {
    const { start, workers } = scriptedStarter((worker, message, number) => {
      if (number === 1) worker.die("signal SIGSEGV");
      else worker.say({ type: "result", id: message.id, value: template });
    });
    const result = await createLlamaHost({ startWorker: start }).templateOf("/models/a.gguf", signal());
    expect(result).toEqual({ ok: true, value: template });
    expect(workers).toHaveLength(2);
  });

  it("explains a second crash, naming the model and the last words", async () => {
    const { start, workers } = scriptedStarter((worker) => { worker.die("signal SIGABRT"); });
    const result = await createLlamaHost({ startWorker: start }).templateOf("/models/a.gguf", signal());
    expect(result).toMatchObject({ ok: false, error: { class: "ENV", code: "llama.crashed", message: expect.stringMatching(/a\.gguf.*SIGABRT/) as string, hint: expect.stringContaining("GGML_ASSERT") as string } });
    expect(workers).toHaveLength(2);
  });

  it("hands an ordinary failure on without a second try", async () => {
    const failure = { class: "CONFIG", code: "model.missing", message: "There is no file.", hint: "" };
    const { start, workers } = scriptedStarter((worker, message) => { worker.say({ type: "failure", id: message.id, failure }); });
    expect(await createLlamaHost({ startWorker: start }).templateOf("/models/a.gguf", signal())).toEqual({ ok: false, error: failure });
    expect(workers).toHaveLength(1);
  });

  it("ends a worker that ignores a cancellation, within a second, and does not try again", async () => {
    const { start, workers } = scriptedStarter(() => undefined);
    const controller = new AbortController();
    const began = performance.now();
    const pending = createLlamaHost({ startWorker: start }).templateOf("/models/a.gguf", controller.signal);
    controller.abort();
    expect(await pending).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(workers.map((worker) => worker.killed)).toEqual([true]);
  });

  it("starts nothing when it is cancelled before it began", async () => {
    const { start, workers } = scriptedStarter(() => undefined);
    const controller = new AbortController();
    controller.abort();
    expect(await createLlamaHost({ startWorker: start }).templateOf("/models/a.gguf", controller.signal)).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    expect(workers).toHaveLength(0);
  });

  it("ends a silent worker after the stall limit; progress keeps it alive", async () => {
    const { start, workers } = scriptedStarter((worker, message) => {
      if (message.type !== "call") return;
      const timer = setInterval(() => { worker.say({ type: "progress", id: message.id, done: null, text: null }); }, 20);
      setTimeout(() => { clearInterval(timer); }, 200);
    });
    const began = performance.now();
    const result = await createLlamaHost({ startWorker: start, stallLimitMs: 100 }).templateOf("/models/a.gguf", signal());
    expect(result).toMatchObject({ ok: false, error: { class: "TIMEOUT", code: "llama.stalled" } });
    expect(performance.now() - began).toBeGreaterThan(250);
    expect(workers[0]?.killed).toBe(true);
  });

  it("does not believe an answer of the wrong shape, nor messages it does not know", async () => {
    const { start } = scriptedStarter((worker, message) => {
      worker.say({ type: "nonsense" });
      worker.say({ type: "result", id: message.id, value: { template: 7 } });
    });
    expect(await createLlamaHost({ startWorker: start }).templateOf("/models/a.gguf", signal())).toMatchObject({ ok: false, error: { class: "INTERNAL", code: "llama.bad_answer" } });
  });

  it("releases: the process ends, what ran is told so, and the next call starts a new one", async () => {
    let answering = false;
    const { start, workers } = scriptedStarter((worker, message) => { if (answering) worker.say({ type: "result", id: message.id, value: template }); });
    const host = createLlamaHost({ startWorker: start });
    const pending = host.templateOf("/models/a.gguf", signal());
    await host.release();
    expect(await pending).toMatchObject({ ok: false, error: { code: "llama.released" } });
    expect(await host.memoryBytes()).toBe(0);
    answering = true;
    expect((await host.templateOf("/models/a.gguf", signal())).ok).toBe(true);
    expect(workers.map((worker) => worker.killed)).toEqual([true, false]);
  });

  it("embeds many texts in shares, in order, and stops at the first share that fails or comes back short", async () => {
    const shares: number[] = [];
    const { start } = scriptedStarter((worker, message) => {
      const { call } = message as unknown as { call: { texts: string[] } };
      shares.push(call.texts.length);
      worker.say({ type: "result", id: message.id, value: call.texts.map((text) => Float32Array.of(Number(text), 1)) });
    });
    const texts = Array.from({ length: 150 }, (_, index) => String(index));
    const result = await createLlamaHost({ startWorker: start }).embed({ modelPath: "/models/a.gguf", texts }, signal());
    expect(result.ok && result.value.map(([first]) => first)).toEqual(texts.map(Number));
    expect(shares).toEqual([64, 64, 22]);

    const short = scriptedStarter((worker, message) => { worker.say({ type: "result", id: message.id, value: [Float32Array.of(1)] }); });
    expect(await createLlamaHost({ startWorker: short.start }).embed({ modelPath: "/models/a.gguf", texts }, signal())).toMatchObject({ ok: false, error: { code: "llama.bad_answer" } });
    const wrong = scriptedStarter((worker, message) => { worker.say({ type: "result", id: message.id, value: [[1, 2]] }); });
    expect(await createLlamaHost({ startWorker: wrong.start }).embed({ modelPath: "/models/a.gguf", texts: ["one"] }, signal())).toMatchObject({ ok: false, error: { code: "llama.bad_answer" } });
  });
});

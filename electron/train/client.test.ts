import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TrainRequest } from "../contract/index.js";
import { createTrainClient } from "./client.js";

const binaryPath = fileURLToPath(new URL("../../test/fixtures/trainer/stub-trainer", import.meta.url));
const client = createTrainClient({ binaryPath });
const never = new AbortController().signal;
let folder = "";

beforeEach(async () => { folder = await mkdtemp(path.join(os.tmpdir(), "train-")); });
afterEach(async () => {
  delete process.env.STUB_TRAINER;
  await rm(folder, { recursive: true });
});

const request = (changes: Partial<TrainRequest> = {}): TrainRequest => ({
  modelPath: "m.gguf", trainPath: "t.jsonl", validationPath: null, outDirectory: path.join(folder, "out"),
  training: { learningRate: 1e-3, rank: 8, alpha: 16, targets: "attention", epochs: 2, schedule: "cosine", warmupFraction: 0.05, weightDecay: 0, dropout: 0, tokensPerStep: 512, maxSequenceTokens: 128, ranks: {}, warmStartFrom: null },
  warmStartAdapter: null, seed: 7, threads: 2, steps: null, fraction: 0.5, secondsLimit: 60, onProgress: () => undefined, ...changes,
});
const train = async (behaviour: string, changes: Partial<TrainRequest> = {}, signal: AbortSignal = never) => {
  process.env.STUB_TRAINER = behaviour;
  return await client.trainer.train(request(changes), signal);
};

describe("training", () => {
  it("hands on progress, keeps the curve and the request, and checks the adapter", async () => {
    const steps: number[] = [];
    const result = await train("good", { onProgress: (progress) => steps.push(progress.step) });
    expect(result).toMatchObject({ ok: true, value: { loss: [{ step: 1, loss: 3 }, { step: 2, loss: 1.5 }, { step: 3, loss: 1, validation: 1.5 }], seconds: 2, peakBytes: 4096, spectra: [] } });
    expect(steps).toEqual([1, 2, 3]);
    const kept = JSON.parse(await readFile(path.join(folder, "out", "request.json"), "utf8")) as Record<string, unknown>;
    expect(kept).toMatchObject({ epochs: 1, seed: 7, lora: { targets: ["attn_*"] }, limits: { seconds: 60 } });
    expect(kept).not.toHaveProperty("validation");
    expect(client.runningPids()).toEqual([]);
  });

  it("lives with noise on standard output when the work was done", async () => {
    expect((await train("noise")).ok).toBe(true);
  });

  it.each([
    ["torn", "INTERNAL", "trainer.no_result", "cut off"],
    ["silent", "INTERNAL", "trainer.no_result", "without its result"],
    ["wrong-event", "INTERNAL", "trainer.protocol", "does not understand"],
    ["wrong-checksum", "ENV", "adapter.corrupt", "checksum"],
    ["diverged", "DIVERGED", "train.nan", "NaN at step 2"],
    ["code-only", "OOM", "trainer.no_result", "last words"],
    ["crash", "ENV", "trainer.crashed", "SIGABRT"],
    ["long-line", "INTERNAL", "trainer.no_result", "bytes"],
  ])("explains %s", async (behaviour, failureClass, code, words) => {
    const result = await train(behaviour);
    expect(result).toMatchObject({ ok: false, error: { class: failureClass, code } });
    expect(result.ok ? "" : result.error.message).toContain(words);
  });

  it.each([["polite", 1_000], ["stubborn", 4_000]])("stops a %s trainer on request and leaves no process behind", async (behaviour, limitMs) => {
    const stop = new AbortController();
    let start = 0;
    const result = await train(behaviour, { onProgress: () => { start = performance.now(); stop.abort(); } }, stop.signal);
    expect(result).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    expect(performance.now() - start).toBeLessThan(limitMs);
    expect(client.runningPids()).toEqual([]);
  });

  it("does not start when already stopped, and says where it looked for a missing trainer", async () => {
    expect(await train("good", {}, AbortSignal.abort())).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    const missing = createTrainClient({ binaryPath: "/nonexistent/trex-train" });
    const answer = await missing.devices(never);
    expect(answer).toMatchObject({ ok: false, error: { class: "ENV", code: "trainer.not_found" } });
    expect(answer.ok ? "" : answer.error.message).toContain("/nonexistent/trex-train");
  });
});

describe("a ready request document", () => {
  it("reaches the trainer as it is, and its events come back as they are", async () => {
    process.env.STUB_TRAINER = "echo";
    const document = {
      model: "m.gguf", data: "pairs.jsonl", outDir: "out", objective: { type: "dpo", beta: 0.1, labelSmoothing: 0.05, reference: "start" }, neftuneAlpha: 5,
      lora: { rank: 16, alpha: 32, scaling: "rslora", init: "pissa", targets: ["attn_*", "blk.3.ffn_*"], layers: [-4, -1], overrides: [{ match: "ffn_down", layers: [0, 1], rank: 4 }], ranks: { "blk.3.attn_q": 8 } },
      optimizer: { schedule: "wsd", decayFraction: 0.2, decayShape: "1-sqrt", warmupSteps: 10, states: "8bit", emaDecay: 0.99, loraPlusRatio: 16 },
      output: { type: "F16", name: "tuned" }, fieldOfANewerTrainer: [null],
    };
    const events: unknown[] = [];
    expect(await client.trainDocument(document, (event) => events.push(event), never)).toMatchObject({ ok: true });
    expect(events).toEqual([{ event: "echo", request: document }]);
  });
});

describe("scoring", () => {
  const pairs = ["a", "b"].map((id) => ({ id, context: [1], continuation: [2, 3] }));
  const score = async (behaviour: string) => {
    process.env.STUB_TRAINER = behaviour;
    return await client.scorer.score({ modelPath: "m.gguf", adapterPath: null, pairs, threads: 1 }, never);
  };

  it("answers in order", async () => {
    expect(await score("scores")).toMatchObject({ ok: true, value: [{ id: "a", logLikelihood: -1.5 }, { id: "b" }] });
  });

  it("refuses scores out of order, and too few of them", async () => {
    expect(await score("swap")).toMatchObject({ ok: false, error: { code: "trainer.protocol" } });
    expect(await score("short")).toMatchObject({ ok: false, error: { code: "trainer.no_result" } });
  });

  it("starts nothing for no pairs", async () => {
    expect(await client.scorer.score({ modelPath: "m", adapterPath: null, pairs: [], threads: 1 }, never)).toEqual({ ok: true, value: [] });
  });
});

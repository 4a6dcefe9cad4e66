import { describe, expect, it } from "vitest";
import { trainingSchema, type TrainRequest } from "../contract/index.js";
import { trainEventSchema } from "./protocol.js";
import { trainDocument } from "./train-request.js";

const request = (ranks: Record<string, number>): TrainRequest => ({
  modelPath: "m.gguf", trainPath: "t.jsonl", validationPath: null, outDirectory: "out",
  training: trainingSchema.parse({ learningRate: 1e-3, rank: 8, alpha: 16, targets: "attention", epochs: 2, schedule: "cosine", warmupFraction: 0.05, weightDecay: 0, dropout: 0, tokensPerStep: 512, maxSequenceTokens: 128, ranks, warmStartFrom: null }),
  warmStartAdapter: null, seed: 7, threads: 2, steps: null, fraction: 1, secondsLimit: null, onProgress: () => undefined,
});

describe("ranks of single tensors", () => {
  it("reach the trainer when there are any", () => {
    expect(trainDocument(request({ "blk.0.attn_q": 4, "blk.1.attn_v": 12 }))).toMatchObject({ lora: { rank: 8, ranks: { "blk.0.attn_q": 4, "blk.1.attn_v": 12 }, alpha: 16 } });
    expect(trainDocument(request({})).lora).not.toHaveProperty("ranks");
  });
});

describe("targets of a recipe", () => {
  const loraOf = (targets: "attention" | "mlp" | "all"): unknown => trainDocument({ ...request({}), training: { ...request({}).training, targets } }).lora;

  it("are patterns, so that every model's own names fit", () => {
    expect(loraOf("attention")).toMatchObject({ targets: ["attn_*"] });
    expect(loraOf("mlp")).toMatchObject({ targets: ["ffn_*"] });
    expect(loraOf("all")).not.toHaveProperty("targets");
  });
});

describe("spectra", () => {
  const done = { event: "done", elapsedMs: 9, step: 3, loss: 1, adapter: "a.gguf", sha256: "0".repeat(64), seconds: 2, tokens: 30, tokensPerSecond: 15, peakRssBytes: 4096, plannedBytes: 4000 };

  it("are read without their singular values, which nobody here needs", () => {
    const spectra = [{ tensor: "blk.0.attn_q", rank: 2, effectiveRank: 1.38, singularValues: [2, 0.6] }];
    expect(trainEventSchema.parse({ ...done, spectra })).toMatchObject({ spectra: [{ tensor: "blk.0.attn_q", rank: 2, effectiveRank: 1.38 }] });
    expect(JSON.stringify(trainEventSchema.parse({ ...done, spectra }))).not.toContain("singularValues");
  });

  it("are empty where the trainer tells none, and refused when torn", () => {
    expect(trainEventSchema.parse(done)).toMatchObject({ spectra: [] });
    expect(trainEventSchema.safeParse({ ...done, spectra: [{ tensor: "blk.0.attn_q", rank: 2 }] }).success).toBe(false);
  });
});

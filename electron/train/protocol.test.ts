import { describe, expect, it } from "vitest";
import { isUnknownEvent, modelInfoSchema, scoreDoneSchema, trainEventSchema } from "./protocol.js";

const start = { event: "start", elapsedMs: 1, version: "0.1.0", arch: "phi3", parameters: 10, trainableParameters: 2, rows: 4, droppedRows: 0, tokens: 40, targetTokens: 20, steps: 3, threads: 2, isa: "avx2", seed: 1 };
const step = { event: "step", elapsedMs: 2, step: 1, steps: 3, epoch: 0.3, loss: 0.69, gradNorm: 1, learningRate: 1e-4, tokens: 10, targetTokens: 5, tokensPerSecond: 100, stepMs: 1, rssBytes: 1000 };
const rewards = { rewardChosen: 0.2, rewardRejected: -0.1, rewardMargin: 0.3, rewardAccuracy: 0.75 };

describe("the trainer's events", () => {
  it("tell what was trained on, and of a preference objective how far apart the pairs are", () => {
    expect(trainEventSchema.parse({ ...start, objective: "dpo", splitRows: 0, identicalRows: 1 })).toMatchObject({ objective: "dpo", splitRows: 0, identicalRows: 1 });
    expect(trainEventSchema.parse({ ...step, ...rewards })).toMatchObject(rewards);
    expect(trainEventSchema.parse({ event: "validation", elapsedMs: 3, step: 1, loss: 0.6, targetTokens: 5, ...rewards })).toMatchObject(rewards);
    expect(trainEventSchema.parse({ event: "reference", elapsedMs: 1, pairs: 2, of: 4, saved: false, seconds: 0.5 })).toMatchObject({ pairs: 2, of: 4 });
  });

  it("may leave all of that out, as older trainers do, or say more", () => {
    expect(trainEventSchema.parse(start)).toEqual(start);
    expect(trainEventSchema.parse(step)).toEqual(step);
    expect(trainEventSchema.safeParse({ ...step, phase: "new" }).success).toBe(true);
    expect(isUnknownEvent({ event: "distilled" })).toBe(true);
    expect(trainEventSchema.safeParse({ ...step, rewardMargin: "wide" }).success).toBe(false);
  });

  it("end a scoring with how much was shared", () => {
    const done = { event: "done", pairs: 2, tokens: 20, seconds: 0.1 };
    expect(scoreDoneSchema.parse({ ...done, elapsedMs: 5, computedTokens: 12, sharedTokens: 8, plannedBytes: 100, peakRssBytes: 90 })).toMatchObject({ computedTokens: 12, sharedTokens: 8 });
    expect(scoreDoneSchema.parse(done)).toEqual(done);
  });
});

describe("info", () => {
  const shape = { layers: 1, embedding: 32, feedForward: 64, heads: 2, kvHeads: 1, headDim: 16, contextLength: 128, vocabSize: 259, ropeBase: 10_000, tiedEmbeddings: true };
  const info = { path: "m.gguf", sizeBytes: 8, architecture: "phi3", supported: true, unsupportedReason: null, name: null, ...shape, parameters: 10, tensorTypes: { Q5_K: 2 }, tokenizerModel: "gpt2", tokenizerPre: null, hasChatTemplate: true, loraTargets: ["attn_qkv", "attn_output", "ffn_up", "ffn_down"] };

  it("names a model's own targets", () => {
    expect(modelInfoSchema.parse(info).loraTargets).toEqual(["attn_qkv", "attn_output", "ffn_up", "ffn_down"]);
  });

  it("is read of a model that is not supported, whose shape is not told", () => {
    const unknown = Object.fromEntries(Object.keys(shape).map((key) => [key, null]));
    expect(modelInfoSchema.parse({ ...info, ...unknown, supported: false, unsupportedReason: "No.", loraTargets: [] })).toMatchObject({ supported: false, unsupportedReason: "No.", layers: null });
  });
});

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { trainingSchema, type Result, type Training } from "../../electron/contract/index.js";
import { createTrainClient } from "../../electron/train/index.js";
import { trainEventSchema } from "../../electron/train/protocol.js";
import { temporaryFolder, trainerBinary, vocabularyPath } from "./tiny-models.js";

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const client = createTrainClient({ binaryPath: trainerBinary });
const { signal } = new AbortController();
const value = <Value>(result: Result<Value>): Value => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
};

function makeModel(architecture: string): string {
  const out = join(folder, `${architecture}.gguf`);
  const dimensions = { layers: 2, embedding: 32, feedForward: 64, heads: 2, kvHeads: 1, headDim: 16, contextLength: 128, ropeBase: 10_000, rmsEpsilon: 1e-6, tieEmbeddings: architecture.startsWith("gemma") };
  execFileSync(trainerBinary, ["make-model", "-"], { input: JSON.stringify({ out, architecture, vocabFrom: vocabularyPath("llama-spm"), dimensions, type: "Q8_0", seed: 1, initStd: 0.02, chatTemplate: null, name: architecture }) });
  return out;
}
const data = join(folder, "rows.jsonl");
writeFileSync(data, `${JSON.stringify({ tokens: [1, 300, 301, 302, 303] })}\n`.repeat(4));

const training = (targets: Training["targets"]): Training => trainingSchema.parse({
  learningRate: 1e-3, rank: 2, alpha: 4, targets, epochs: 1, schedule: "cosine", warmupFraction: 0, weightDecay: 0, dropout: 0, tokensPerStep: 64, maxSequenceTokens: 16, warmStartFrom: null,
});
const train = async (modelPath: string, targets: Training["targets"], outDirectory: string) => value(await client.trainer.train({
  modelPath, trainPath: data, validationPath: null, outDirectory, training: training(targets), warmStartAdapter: null, seed: 1, threads: 1, steps: 1, fraction: 1, secondsLimit: null, onProgress: () => undefined,
}, signal));

const separate = { attention: ["attn_k", "attn_output", "attn_q", "attn_v"], mlp: ["ffn_down", "ffn_gate", "ffn_up"] };
const fused = { attention: ["attn_output", "attn_qkv"], mlp: ["ffn_down", "ffn_up"] };

describe.each([["llama", separate], ["qwen2", separate], ["gemma3", separate], ["phi3", fused]] as const)("recipes on a model of the architecture %s", (architecture, names) => {
  it("adapt its own matrices, and the adapter goes out as a PEFT folder", async () => {
    const model = makeModel(architecture);
    const info = value(await client.info(model, signal));
    expect(info.supported).toBe(true);
    const all = [...names.attention, ...names.mlp].sort();
    expect([...info.loraTargets].sort()).toEqual(all);
    for (const [targets, expected] of [["attention", names.attention], ["mlp", names.mlp], ["all", all]] as const) {
      const { spectra } = await train(model, targets, join(folder, `${architecture}-${targets}`));
      expect([...new Set(spectra.map(({ tensor }) => tensor.replace(/^blk\.\d+\./, "")))].sort()).toEqual(expected);
      expect(spectra).toHaveLength(2 * expected.length);
    }
    const out = join(folder, `${architecture}-peft`);
    value(await client.exportAdapter({ model, adapter: join(folder, `${architecture}-all`, "adapter.gguf"), out, baseModelName: "maker/base" }, signal));
    expect(readdirSync(out).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    expect(JSON.parse(readFileSync(join(out, "adapter_config.json"), "utf8"))).toMatchObject({ peft_type: "LORA", r: 2, lora_alpha: 4, base_model_name_or_path: "maker/base" });
    expect(await client.exportAdapter({ model, adapter: join(folder, `${architecture}-all`, "adapter.gguf"), out, baseModelName: "maker/base" }, signal)).toMatchObject({ ok: false, error: { class: "CONFIG", code: "peft.out_exists" } });
  });
});

describe("what the trainer says", () => {
  it("is a reason, not a broken protocol, about a model that it does not support", async () => {
    const text = (words: string): Buffer => Buffer.concat([Buffer.from(new BigUint64Array([BigInt(words.length)]).buffer), Buffer.from(words)]);
    const header = Buffer.concat([Buffer.from("GGUF"), Buffer.from(new Uint32Array([3]).buffer), Buffer.from(new BigUint64Array([0n, 1n]).buffer), text("general.architecture"), Buffer.from(new Uint32Array([8]).buffer), text("gemma9"), Buffer.alloc(64)]);
    const file = join(folder, "gemma9.gguf");
    writeFileSync(file, header);
    const info = value(await client.info(file, signal));
    expect(info).toMatchObject({ architecture: "gemma9", supported: false, layers: null, loraTargets: [] });
    expect(info.unsupportedReason).toContain("gemma9");
  });

  it("fits the schemas for preference pairs too", async () => {
    const pairs = join(folder, "pairs.jsonl");
    writeFileSync(pairs, `${JSON.stringify({ prompt: [1, 300, 301], chosen: [302, 303], rejected: [304] })}\n`.repeat(4));
    const seen: string[] = [];
    const events: ReturnType<typeof trainEventSchema.parse>[] = [];
    const request = {
      model: makeModel("qwen3"), data: pairs, validation: pairs, outDir: join(folder, "dpo"), objective: { type: "dpo", beta: 0.2 },
      lora: { rank: 4, alpha: 4, scaling: "rslora", targets: ["blk.*.attn_*"], layers: [-1, -1] }, optimizer: { schedule: "wsd", states: "8bit", emaDecay: 0.5, warmupSteps: 1 },
      batch: { tokensPerStep: 64, maxSequenceTokens: 32 }, steps: 2, threads: 1,
    };
    value(await client.trainDocument(request, (event) => { seen.push(String(event.event)); events.push(trainEventSchema.parse(event)); }, signal));
    expect(seen).toEqual(["start", "plan", "reference", "step", "step", "validation", "done"]);
    expect(events[0]).toMatchObject({ objective: "dpo" });
    // Before the first step the adapter is the reference: no pair is told apart yet.
    expect(events[3]).toMatchObject({ loss: expect.closeTo(Math.LN2, 5) as number, rewardMargin: 0, rewardAccuracy: 0 });
    expect(events[5]).toMatchObject({ rewardMargin: expect.any(Number) as number, rewardAccuracy: expect.any(Number) as number });
  });

  it("refuses a misspelt field with its name", async () => {
    const result = await client.trainDocument({ model: "m.gguf", data, outDir: folder, optimizer: { emaDekay: 0.9 } }, () => undefined, signal);
    expect(result).toMatchObject({ ok: false, error: { class: "CONFIG" } });
    expect(result.ok ? "" : result.error.message).toContain("emaDekay");
  });
});

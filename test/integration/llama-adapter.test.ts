import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createLlamaHost } from "../../electron/models/index.js";
import { trainEventSchema } from "../../electron/train/protocol.js";
import { chatMlTemplate, makeRandomModel, temporaryFolder, trainerBinary } from "./tiny-models.js";

const folder = temporaryFolder();
const llama = createLlamaHost({ gpu: "off" });
afterAll(async () => {
  await llama.release();
  rmSync(folder, { recursive: true, force: true });
});

/** A real adapter that has learned to answer `prompt` with `answer`. */
function trainAdapter(modelPath: string, name: string, prompt: readonly number[], answer: readonly number[], ranks: Readonly<Record<string, number>> = {}): { readonly adapter: string; readonly spectra: readonly { tensor: string; rank: number; effectiveRank: number }[] } {
  const outDir = join(folder, name);
  const data = join(folder, `${name}.jsonl`);
  const row = JSON.stringify({ tokens: [...prompt, ...answer], train: [[prompt.length, prompt.length + answer.length]] });
  writeFileSync(data, `${Array.from({ length: 8 }, () => row).join("\n")}\n`);
  const events = execFileSync(trainerBinary, ["train", "-"], {
    encoding: "utf8",
    input: JSON.stringify({
      model: modelPath, data, outDir, method: "lora", lora: { rank: 8, alpha: 16, targets: ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"], dropout: 0, initFrom: null, ranks },
      optimizer: { learningRate: 0.02, schedule: "constant", warmupFraction: 0 }, batch: { tokensPerStep: 128, maxSequenceTokens: 64 }, steps: 60, seed: 1, threads: 1, output: { type: "F32", name: name },
    }),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const done = trainEventSchema.parse(JSON.parse(events.trim().split("\n").at(-1) ?? ""));
  if (done.event !== "done") throw new Error("the training did not end");
  return { adapter: join(outDir, "adapter.gguf"), spectra: done.spectra };
}

describe("adapters made by trex-train, applied by llama.cpp", () => {
  it("answer as they were trained; a file that is replaced is read anew; without one the base is back", async () => {
    const modelPath = makeRandomModel(folder, { vocabulary: "bytes", chatTemplate: chatMlTemplate });
    const prompt = [258, 117, 10, 104, 105, 259, 10, 258, 97, 10];
    const [yes, no] = [[121, 101, 115, 259], [110, 111, 259]];
    const first = trainAdapter(modelPath, "yes", prompt, yes);
    const second = trainAdapter(modelPath, "no", prompt, no);
    const adapterPath = join(folder, "adapter.gguf");
    const answer = async (adapter: string | null): Promise<string> => {
      const result = await llama.generate({ modelPath, adapterPath: adapter, prompts: [prompt], maxTokens: 8, threads: 2 }, new AbortController().signal);
      return result.ok ? `${result.value[0]?.text ?? ""} ${result.value[0]?.stopReason ?? ""}` : result.error.message;
    };
    const base = await answer(null);
    copyFileSync(first.adapter, adapterPath);
    expect(await answer(adapterPath)).toBe("yes end-of-turn");
    copyFileSync(second.adapter, adapterPath);
    expect(await answer(adapterPath)).toBe("no end-of-turn");
    expect(await answer(null)).toBe(base);
    expect(base).not.toMatch(/^(yes|no) /);
    expect(first.spectra.length).toBe(2 * 7);
    for (const { rank, effectiveRank } of first.spectra) expect(effectiveRank > 0 && effectiveRank <= rank).toBe(true);

    // Tensors of other ranks than the rest: llama.cpp divides by each one's own, and the file says what it must for that.
    const mixed = trainAdapter(modelPath, "mixed", prompt, yes, { "blk.0.attn_q": 2, "blk.0.ffn_down": 12 });
    copyFileSync(mixed.adapter, adapterPath);
    expect(await answer(adapterPath)).toBe("yes end-of-turn");
    expect(mixed.spectra.find((each) => each.tensor === "blk.0.attn_q")?.rank).toBe(2);
  });
});

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trex } from "../fixtures/command-line.js";
import { repositoryRoot, requireBuild, trainerBinary } from "../fixtures/tiny-model.js";

/** Vocabularies of real models, as they lie in llama.cpp's source next to the trainer's build. */
const vocabularies = path.join(repositoryRoot, "native-trainer", "build", "llama.cpp", "models");
const chatMl = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
const llama3 = "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n{{ message.content | trim }}<|eot_id|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}";

let folder = "";

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(path.join(os.tmpdir(), "trex-vocabularies-"));
});
afterAll(async () => { await rm(folder, { recursive: true, force: true }); });

async function makeModel(name: string, architecture: string, vocabulary: string, chatTemplate: string, type: string): Promise<string> {
  const vocabFrom = path.join(vocabularies, vocabulary);
  if (!existsSync(vocabFrom)) throw new Error(`${vocabFrom} is missing: llama.cpp's source was not unpacked beside the trainer's build`);
  const out = path.join(folder, `${name}.gguf`);
  const request = path.join(folder, `${name}.json`);
  await writeFile(request, JSON.stringify({
    out, architecture, name, vocabFrom, chatTemplate, type, seed: 3, initStd: 0.03,
    dimensions: { layers: 2, embedding: 64, feedForward: 128, heads: 4, kvHeads: 2, headDim: 16, contextLength: 256, ropeBase: 500_000, rmsEpsilon: 1e-6, tieEmbeddings: true },
  }));
  await promisify(execFile)(trainerBinary, ["make-model", request]);
  return out;
}

const answers = ["red", "blue", "grün", "黄色"];
const alpaca = (rows: number): string => JSON.stringify(Array.from({ length: rows }, (_, index) => ({ instruction: `Which colour has item ${index}?`, input: `It is painted ${answers[index % 4] ?? ""}.`, output: answers[index % 4] })));
const csv = (rows: number): string => `question;answer\n${Array.from({ length: rows }, (_, index) => `"Which colour; item ${index}, painted ${answers[index % 4] ?? ""}?";${answers[index % 4] ?? ""}`).join("\n")}\n`;

interface Finished { readonly nodes: number; readonly vault: { readonly n: number; readonly timesOpened: number }; readonly adapter: string | null; readonly report: string; readonly delivery: { readonly kind: string } }

async function fineTune(model: string, data: string): Promise<Finished> {
  const { code, stdout, stderr } = await trex(["run", "--model", model, "--data", data, "--goal", "Name the colour of the item.", "--budget", "4m", "--max-nodes", "6", "--json"], { TREX_HOME: path.join(folder, "home") });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Finished;
}

describe("the user's own model and data", () => {
  it("Qwen2's vocabulary, Alpaca JSON", async () => {
    const data = path.join(folder, "alpaca.json");
    await writeFile(data, alpaca(160));
    const run = await fineTune(await makeModel("qwen2-tiny", "qwen2", "ggml-vocab-qwen2.gguf", chatMl, "Q8_0"), data);
    expect(run.vault.timesOpened).toBe(1);
    expect(run.nodes).toBeGreaterThanOrEqual(4);
    expect(await readFile(run.report, "utf8")).toContain("<html");
  });

  it("Llama 3's vocabulary, CSV with another delimiter", async () => {
    const data = path.join(folder, "colours.csv");
    await writeFile(data, csv(160));
    const run = await fineTune(await makeModel("llama3-tiny", "llama", "ggml-vocab-llama-bpe.gguf", llama3, "F16"), data);
    expect(run.vault.timesOpened).toBe(1);
    expect(["adapter", "base"]).toContain(run.delivery.kind);
  });
});

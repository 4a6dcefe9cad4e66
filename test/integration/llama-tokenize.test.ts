import { readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LlamaHost, TextSegment } from "../../electron/contract/index.js";
import { createLlamaHost, renderConversation } from "../../electron/models/index.js";
import { chatMlTemplate, llama3Template, makeRandomModel, temporaryFolder, vocabularyPath, type RealVocabulary } from "./tiny-models.js";

const signal = new AbortController().signal;
const folder = temporaryFolder();
let llama: LlamaHost;
beforeAll(() => { llama = createLlamaHost({ gpu: "off" }); });
afterAll(async () => {
  await llama.release();
  rmSync(folder, { recursive: true, force: true });
});

async function tokens(modelPath: string, sequences: TextSegment[][], addBos: "as-model" | "never" = "never"): Promise<number[][]> {
  const result = await llama.tokenize({ modelPath, sequences, addBos }, signal);
  if (!result.ok) throw new Error(result.error.message);
  return result.value.map((sequence) => [...sequence]);
}

describe("tokenising with real vocabularies", () => {
  it.each<RealVocabulary>(["qwen2", "llama-bpe", "llama-spm"])("agrees with llama.cpp's own vectors for %s", async (name) => {
    const path = vocabularyPath(name);
    // The separator and the format are llama.cpp's tests/test-tokenizer-0.
    const inputs = readFileSync(`${path}.inp`, "utf8").split("\n__ggml_vocab_test__\n");
    const expected = readFileSync(`${path}.out`, "utf8").split("\n").slice(0, inputs.length).map((line) => line.trim().split(/\s+/).filter((word) => word !== "").map(Number));
    const made = await tokens(path, inputs.map((text) => [{ text, special: false }]));
    expect(made.length).toBeGreaterThan(30);
    expect(made).toEqual(expected);
  });

  it.each<[RealVocabulary, string]>([["qwen2", "<|im_end|>"], ["llama-bpe", "<|eot_id|>"], ["llama-spm", "</s>"]])("keeps %s content from becoming the control token %s", async (name, control) => {
    const [asScaffold, asContent] = await tokens(vocabularyPath(name), [[{ text: control, special: true }], [{ text: control, special: false }]]);
    expect(asScaffold?.length).toBe(1);
    expect(asContent?.length).toBeGreaterThan(1);
    expect(asContent).not.toContain(asScaffold?.[0]);
  });

  it("puts exactly one BOS on Llama 3, whether the template writes it or not, and none on Qwen2", async () => {
    const llama3 = vocabularyPath("llama-bpe");
    const [written, unwritten, never] = [
      ...(await tokens(llama3, [[{ text: "<|begin_of_text|>Hello", special: true }], [{ text: "Hello", special: true }]], "as-model")),
      ...(await tokens(llama3, [[{ text: "Hello", special: true }]], "never")),
    ];
    expect(written).toEqual(unwritten);
    expect(written?.filter((token) => token === 128_000)).toHaveLength(1);
    expect(never).not.toContain(128_000);
    const [qwen] = await tokens(vocabularyPath("qwen2"), [[{ text: "Hello", special: true }]], "as-model");
    expect(qwen).toEqual([9707]);
  });

  it("adds SentencePiece's space at the start of a text and nowhere inside it", async () => {
    const path = vocabularyPath("llama-spm");
    const [whole, parted] = await tokens(path, [[{ text: "one two", special: false }], [{ text: "one", special: true }, { text: " two", special: false }]]);
    expect(parted).toEqual(whole);
  });

  it("tokenises a segmented conversation as the whole text, and its prompt as its beginning", async () => {
    for (const [vocabulary, template] of [["qwen2", chatMlTemplate], ["llama-bpe", llama3Template]] as const) {
      const path = vocabularyPath(vocabulary);
      const facts = await llama.templateOf(path, signal);
      if (!facts.ok) throw new Error(facts.error.message);
      const asked = [{ role: "system" as const, content: "Be brief." }, { role: "user" as const, content: "\n What is  2+2?\n\n" }];
      const options = { bosToken: facts.value.bosToken, eosToken: facts.value.eosToken };
      const prompt = renderConversation(template, asked, { ...options, addGenerationPrompt: true });
      const whole = renderConversation(template, [...asked, { role: "assistant", content: "4" }], { ...options, addGenerationPrompt: false });
      if (!prompt.ok || !whole.ok) throw new Error("not rendered");
      const plain = (segments: readonly TextSegment[]): TextSegment[] => [{ text: segments.map((segment) => segment.text).join(""), special: true }];
      const [promptTokens, wholeTokens, plainTokens] = await tokens(path, [prompt.value, whole.value, plain(whole.value)], "as-model");
      expect(wholeTokens).toEqual(plainTokens);
      expect(wholeTokens?.slice(0, promptTokens?.length)).toEqual(promptTokens);
    }
  });

  it("reads a model's template and its end-of-turn tokens", async () => {
    const path = makeRandomModel(folder, { vocabulary: "llama-bpe", chatTemplate: llama3Template });
    const facts = await llama.templateOf(path, signal);
    expect(facts).toMatchObject({ ok: true, value: { template: llama3Template, bosToken: "<|begin_of_text|>", eosToken: "<|end_of_text|>" } });
    if (facts.ok) expect(facts.value.endOfTurnTokens.slice(0, 2)).toEqual([128_009, 128_001]);
  });
});

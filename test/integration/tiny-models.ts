import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
export const trainerBinary = join(root, "native-trainer", "build", process.platform === "win32" ? "trex-train.exe" : "trex-train");
/** llama.cpp's own vocabulary files, unpacked by the native build from the source inside node-llama-cpp. */
export const vocabularyFolder = join(root, "native-trainer", "build", "llama.cpp", "models");

export type RealVocabulary = "qwen2" | "llama-bpe" | "llama-spm";

export const llama3Template = "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";
export const chatMlTemplate = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

export function vocabularyPath(name: RealVocabulary): string {
  const path = join(vocabularyFolder, `ggml-vocab-${name}.gguf`);
  if (!existsSync(path)) throw new Error(`${path} is missing: build native-trainer first`);
  return path;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "trex-llama-"));
}

/** One token a byte, in GPT-2's printable spelling of bytes, and ChatML's control tokens: quick to load. */
function byteTokenizer(): object {
  const isPrintable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let unprintable = 0;
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : 256 + unprintable++));
  const control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
  return {
    model: "gpt2", pre: "qwen2", tokens: [...bytes, "he", ...control], merges: ["h e"], tokenTypes: [...bytes.map(() => 1), 1, ...control.map(() => 3)],
    bosTokenId: 257, eosTokenId: 259, padTokenId: 257, addBosToken: false, addEosToken: false,
  };
}

/** A model of random weights over a real vocabulary, made by trex-train: it babbles, but every part of it is real. */
export function makeRandomModel(folder: string, options: { vocabulary: RealVocabulary | "bytes"; chatTemplate: string | null; contextLength?: number; seed?: number }): string {
  const out = join(folder, `random-${options.vocabulary}-${options.seed ?? 1}.gguf`);
  execFileSync(trainerBinary, ["make-model", "-"], {
    input: JSON.stringify({
      out, architecture: options.vocabulary.startsWith("llama") ? "llama" : "qwen2", type: "Q8_0", seed: options.seed ?? 1, initStd: 0.5, chatTemplate: options.chatTemplate, name: "Random",
      ...(options.vocabulary === "bytes" ? { tokenizer: byteTokenizer() } : { vocabFrom: vocabularyPath(options.vocabulary) }),
      dimensions: { layers: 2, embedding: 64, feedForward: 128, heads: 4, kvHeads: 2, headDim: 16, contextLength: options.contextLength ?? 8192, ropeBase: 10000, rmsEpsilon: 1e-6, tieEmbeddings: true },
    }),
  });
  return out;
}

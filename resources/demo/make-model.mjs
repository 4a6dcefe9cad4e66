/**
 * Makes the demo's base model, base.gguf, from nothing: corpus, tokenizer, random weights, training of all weights with this
 * project's own trainer, 8-bit weights. `npm run make-demo-model` runs it; manifest.json says what was made, from which seeds,
 * in how long. Same seeds and one thread count give the same corpus and tokenizer; the weights also depend on the CPU's arithmetic.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { request } from "./commands.mjs";
import { makeConversation } from "./corpus.mjs";
import { createChoices } from "./random.mjs";
import { chatTemplate, createEncoder, specialTokens, tokenizeConversation, trainTokenizer } from "./tokenizer.mjs";

const recipe = {
  seeds: { tokenizer: 11, corpus: 12, validation: 13, weights: 14, training: 15 },
  tokenizer: { conversations: 8000, requests: 4000, merges: 700 },
  corpus: { conversations: 22_000, validationConversations: 60, maxSequenceTokens: 512 },
  dimensions: { layers: 4, embedding: 192, feedForward: 512, heads: 6, kvHeads: 3, headDim: 32, contextLength: 512, ropeBase: 10_000, rmsEpsilon: 1e-6, tieEmbeddings: true },
  architecture: "qwen3",
  initStd: 0.04,
  optimizer: { learningRate: 3e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 1, schedule: "cosine", warmupFraction: 0.03, finalFraction: 0.05 },
  tokensPerStep: 2048,
};

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const work = `${root}dist/demo-model/`;
const trainer = process.env.TREX_TRAIN || `${root}native-trainer/build/trex-train${process.platform === "win32" ? ".exe" : ""}`;
const say = (text) => process.stderr.write(`${text}\n`);

/** Runs one trainer command; resolves with its JSON lines, rejects with the trainer's own sentence. */
function run(command, input, onEvent = () => undefined) {
  return new Promise((resolve, reject) => {
    const child = spawn(trainer, [command, "-"], { stdio: ["pipe", "pipe", "inherit"] });
    const events = [];
    let rest = "";
    child.on("error", reject);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines.filter((entry) => entry.trim() !== "")) {
        const event = JSON.parse(line);
        events.push(event);
        onEvent(event);
      }
    });
    child.on("close", (code) => (code === 0 ? resolve(events) : reject(new Error(events.at(-1)?.message ?? `trex-train ${command} ended with ${code}`))));
    child.stdin.end(JSON.stringify(input));
  });
}

function writeRows(path, encoder, seed, count) {
  const choices = createChoices(seed);
  const lines = [];
  let tokens = 0;
  while (lines.length < count) {
    const row = tokenizeConversation(encoder, makeConversation(choices));
    if (row.tokens.length > recipe.corpus.maxSequenceTokens || row.train.length === 0) continue;
    tokens += row.tokens.length;
    lines.push(JSON.stringify(row));
  }
  writeFileSync(path, `${lines.join("\n")}\n`);
  return tokens;
}

if (!existsSync(trainer)) throw new Error(`The trainer is not built: ${trainer} is missing. Run npm run bootstrap first.`);
const startedAt = performance.now();
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

say("Tokenizer: counting pairs");
const textChoices = createChoices(recipe.seeds.tokenizer);
const texts = Array.from({ length: recipe.tokenizer.conversations }, () => makeConversation(textChoices)).flat().map(({ content }) => content);
for (let made = 0; made < recipe.tokenizer.requests; made += 1) texts.push(request(textChoices).say);
const tokenizer = trainTokenizer(texts, recipe.tokenizer.merges);
const encoder = createEncoder(tokenizer);

say("Corpus: writing conversations");
const tokens = writeRows(`${work}train.jsonl`, encoder, recipe.seeds.corpus, recipe.corpus.conversations);
writeRows(`${work}validation.jsonl`, encoder, recipe.seeds.validation, recipe.corpus.validationConversations);

const firstSpecial = tokenizer.tokens.length - specialTokens.length;
await run("make-model", {
  out: `${work}random.gguf`, architecture: recipe.architecture, name: "TREX demo base", dimensions: recipe.dimensions, type: "F32", seed: recipe.seeds.weights, initStd: recipe.initStd, chatTemplate,
  tokenizer: {
    model: "gpt2", pre: "qwen2", tokens: tokenizer.tokens, merges: tokenizer.merges,
    // 1 is an ordinary token, 3 a control token (llama.cpp, enum llama_token_type).
    tokenTypes: tokenizer.tokens.map((_, id) => (id < firstSpecial ? 1 : 3)),
    bosTokenId: firstSpecial, eosTokenId: firstSpecial + 2, padTokenId: firstSpecial, addBosToken: false, addEosToken: false,
  },
});

say(`Training ${tokens} tokens`);
let shownAt = 0;
const events = await run("train", {
  model: `${work}random.gguf`, data: `${work}train.jsonl`, validation: `${work}validation.jsonl`, outDir: `${work}out`, method: "full", optimizer: recipe.optimizer,
  batch: { tokensPerStep: recipe.tokensPerStep, maxSequenceTokens: recipe.corpus.maxSequenceTokens }, epochs: 1, seed: recipe.seeds.training, threads: 0, checkpointEverySteps: 100,
  validateEverySteps: 100, output: { type: "Q8_0", name: "TREX demo base" },
}, (event) => {
  if (event.event === "validation") say(`validation at step ${event.step}: ${event.loss.toFixed(4)}`);
  if (event.event !== "step" || performance.now() - shownAt < 5000) return;
  shownAt = performance.now();
  say(`step ${event.step} of ${event.steps}: loss ${event.loss.toFixed(4)}, ${Math.round(event.tokensPerSecond)} tokens/s`);
});
const done = events.find((event) => event.event === "done");
copyFileSync(done.model, `${here}base.gguf`);

const start = events.find((event) => event.event === "start");
const manifest = {
  file: "base.gguf", bytes: statSync(`${here}base.gguf`).size, sha256: createHash("sha256").update(readFileSync(`${here}base.gguf`)).digest("hex"),
  trainer: start.version, isa: start.isa, parameters: start.parameters, vocabulary: tokenizer.tokens.length, corpusTokens: tokens,
  steps: done.step, loss: done.loss, validationLoss: done.validationLoss, trainSeconds: Math.round(done.seconds), totalSeconds: Math.round((performance.now() - startedAt) / 1000),
  threads: availableParallelism(), recipe,
};
writeFileSync(`${here}manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
say(`base.gguf: ${manifest.bytes} bytes, validation loss ${manifest.validationLoss.toFixed(4)}, ${manifest.totalSeconds} s`);

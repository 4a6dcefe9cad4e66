import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guardNames, type EvaluateRequest, type LlamaHost, type Message, type MetricName, type PreparedData, type Prompt, type Result, type TextSegment } from "../../electron/contract/index.js";
import { createData, createTokenization, noShots, openShots, readSplit } from "../../electron/data/index.js";
import { createEvaluator } from "../../electron/evaluate/index.js";
import { createLlamaHost } from "../../electron/models/index.js";
import { createTrainClient, findTrainer } from "../../electron/train/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const trainer = findTrainer({ resourcesPath: null, projectRoot: root, environment: process.env });
const vocabularies = join(root, "native-trainer/build/llama.cpp/models");
const commands = join(root, "resources/demo/commands.jsonl");
const demoModel = join(root, "resources/demo/base.gguf");
const { signal } = new AbortController();
const bare: Prompt = { system: null, fewShot: 0, shotSelection: "fixed" };

const chatMl = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const llama3 = "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";
const kinds = {
  qwen2: { architecture: "qwen2", vocabulary: "ggml-vocab-qwen2.gguf", template: chatMl },
  "llama-3": { architecture: "llama", vocabulary: "ggml-vocab-llama-bpe.gguf", template: llama3 },
} as const;
type Kind = keyof typeof kinds;

let folder = "";
let llama: LlamaHost;
const models = new Map<Kind, string>();
const { scorer } = createTrainClient({ binaryPath: trainer });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trex-data-"));
  llama = createLlamaHost({ gpu: "off" });
  for (const [kind, { architecture, vocabulary, template }] of Object.entries(kinds) as [Kind, (typeof kinds)[Kind]][]) {
    const out = join(folder, `${kind}.gguf`);
    const dimensions = { layers: 1, embedding: 32, feedForward: 64, heads: 2, kvHeads: 1, headDim: 16, contextLength: 1024, ropeBase: 10_000, rmsEpsilon: 1e-5, tieEmbeddings: true };
    const made = spawnSync(trainer, ["make-model", "-"], { input: JSON.stringify({ out, architecture, vocabFrom: join(vocabularies, vocabulary), dimensions, type: "Q8_0", seed: 1, initStd: 0.02, chatTemplate: template, name: kind }), encoding: "utf8" });
    if (made.status !== 0) throw new Error(`make-model failed: ${made.stdout}`);
    models.set(kind, out);
  }
});
afterAll(async () => {
  await llama.release();
  await rm(folder, { recursive: true, force: true });
});

const value = <Value>(result: Result<Value>): Value => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
};
const modelPath = (kind: Kind | "demo") => (kind === "demo" ? demoModel : models.get(kind)!);
const sizes = { devSearch: 100, devSelect: 60, vault: 200 };

async function prepare(name: string, kind: Kind | "demo", path = commands): Promise<{ runDirectory: string; prepared: PreparedData }> {
  const runDirectory = join(folder, name);
  return { runDirectory, prepared: value(await createData({ llama }).prepare({ path, modelPath: modelPath(kind), runDirectory, seed: 7, sizes }, signal)) };
}

describe("prepare, with the demo's data", () => {
  it("splits without leaks, seals, counts what it refused, and does the same again", async () => {
    const { runDirectory, prepared } = await prepare("first", "qwen2");
    expect(prepared.sizes).toMatchObject({ "dev-search": 100, "dev-select": 60, vault: 200 });
    expect(prepared.report.rejected).toEqual([{ reason: "the answer is empty", count: 3, firstRow: expect.any(Number) as number }]);
    expect(prepared.report.conflicts).toBeGreaterThan(300);
    expect(prepared).toMatchObject({ recommendedMetric: "json-fields", report: { format: "openai-chat", answersAreJson: true } });
    expect(prepared.skill).toBe("extraction");
    expect(prepared.formatRules).toMatch(/^Answer with one JSON object on one line with .*"action"/);
    expect(prepared.longestTokens).toBeGreaterThan(120);
    expect(prepared.longestAnswerTokens).toBeLessThan(60);
    const splits = await Promise.all((["train", "dev-search", "dev-select", "vault"] as const).map(async (split) => value(await readSplit(runDirectory, split))));
    const questions = splits.map((rows) => new Set(rows.map(({ messages }) => messages.at(-2)!.content.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim())));
    for (const [at, left] of questions.entries()) for (const right of questions.slice(at + 1)) expect([...left].filter((question) => right.has(question))).toEqual([]);
    for (const split of ["dev-select", "vault"]) {
      const path = join(runDirectory, "vault", `${split}.jsonl`);
      if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    const again = await prepare("second", "qwen2");
    for (const file of ["data/train.jsonl", "data/dev-search.jsonl", "data/shots.jsonl", "data/coverage-shots.jsonl", "vault/vault.jsonl", "vault/dev-select.jsonl"]) {
      expect(await readFile(join(again.runDirectory, file), "utf8")).toBe(await readFile(join(runDirectory, file), "utf8"));
    }
  });
});

describe.each(["qwen2", "llama-3"] as const)("tokens of a training row, %s", (kind) => {
  const conversation: Message[] = [{ role: "system", content: "Be brief." }, { role: "user", content: "Wie spät ist es? 19:00 — ok" }, { role: "assistant", content: "Sieben Uhr abends." }, { role: "user", content: "And in English?" }, { role: "assistant", content: "Seven in the evening." }];
  const example = { id: "x", sourceRow: 1, messages: conversation };
  const tokenizeText = async (text: string, special: boolean): Promise<readonly number[]> => {
    const segments: TextSegment[] = [{ text, special }];
    return value(await llama.tokenize({ modelPath: modelPath(kind), sequences: [segments], addBos: "never" }, signal))[0]!;
  };

  it("are what llama.cpp makes of the laid-out text, and the answers and their ends are learned", async () => {
    const { bosToken } = value(await llama.templateOf(modelPath(kind), signal));
    const text = kind === "qwen2"
      ? conversation.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join("").slice(0, -1)
      : bosToken + conversation.map(({ role, content }) => `<|start_header_id|>${role}<|end_header_id|>\n\n${content}<|eot_id|>`).join("");
    const tokenization = value(await createTokenization(llama, modelPath(kind), signal));
    const [row] = value(await tokenization.rows([example], bare, noShots, signal));
    expect(row!.tokens).toEqual(await tokenizeText(text, true));
    const end = kind === "qwen2" ? "<|im_end|>" : "<|eot_id|>";
    const learned = row!.train.map(([from, to]) => row!.tokens.slice(from, to));
    expect(learned).toEqual([await tokenizeText(`Sieben Uhr abends.${end}`, true), await tokenizeText(`Seven in the evening.${end}`, true)]);
    const [prompt] = value(await tokenization.prompts([example], bare, noShots, signal));
    expect(prompt).toEqual(row!.tokens.slice(0, row!.answerStart));
  });

  it("hold no control token that a row's text spells out", async () => {
    const end = kind === "qwen2" ? "<|im_end|>" : "<|eot_id|>";
    const [endToken] = await tokenizeText(end, true);
    const tokenization = value(await createTokenization(llama, modelPath(kind), signal));
    const hostile = { id: "h", sourceRow: 1, messages: [{ role: "user" as const, content: `hi ${end} there` }, { role: "assistant" as const, content: `no ${end} yes` }] };
    const [row] = value(await tokenization.rows([hostile], bare, noShots, signal));
    expect(row!.tokens.filter((token) => token === endToken)).toHaveLength(2);
    expect(row!.tokens.slice(...row!.train[0]!)).toEqual([...(await tokenizeText(`no ${end} yes`, false)), endToken]);
  });
});

describe("the demo's tokenizer", () => {
  interface Generators {
    trainTokenizer(texts: readonly string[], merges: number): { tokens: string[]; merges: string[] };
    createEncoder(tokenizer: { tokens: string[]; merges: string[] }): { encode(text: string): number[] };
  }
  it("gives the tokens that llama.cpp gives", async () => {
    const { createEncoder, trainTokenizer } = await import(pathToFileURL(join(root, "resources/demo/tokenizer.mjs")).href) as Generators;
    const texts = (await readFile(commands, "utf8")).split("\n").slice(0, 600).filter((line) => line !== "").flatMap((line) => (JSON.parse(line) as { messages: Message[] }).messages.map(({ content }) => content));
    const tokenizer = trainTokenizer(texts, 300);
    const out = join(folder, "tokenizer.gguf");
    const dimensions = { layers: 1, embedding: 32, feedForward: 64, heads: 2, kvHeads: 1, headDim: 16, contextLength: 128, ropeBase: 10_000, rmsEpsilon: 1e-6, tieEmbeddings: true };
    const request = { out, architecture: "qwen3", dimensions, type: "Q8_0", seed: 1, initStd: 0.02, chatTemplate: chatMl, name: "tokenizer", tokenizer: { model: "gpt2", pre: "qwen2", ...tokenizer, bosTokenId: 256, eosTokenId: 256, padTokenId: 256, addBosToken: false, addEosToken: false } };
    const made = spawnSync(trainer, ["make-model", "-"], { input: JSON.stringify(request), encoding: "utf8" });
    expect(made.status, made.stdout).toBe(0);
    const { encode } = createEncoder(tokenizer);
    const hard = ["I'D say it's 7:30pm!!  ok\n\n next\tline ", 'x{"a":"b c","d":[1,22]}', "größe – 価格 🦖 e\u0301", "  leading", "don't (really) stop...", "a_b-c/d\\e", "\r\n\r\n"];
    const given = value(await llama.tokenize({ modelPath: out, sequences: [...texts, ...hard].map((text) => [{ text, special: false }]), addBos: "never" }, signal));
    for (const [at, text] of [...texts, ...hard].entries()) expect([text, given[at]]).toEqual([text, encode(text)]);
  });
});

describe("buildTrainingSet", () => {
  it("writes rows that the trainer accepts, fewer after each operator, and keeps validation questions out of training", async () => {
    const { runDirectory } = await prepare("build", "qwen2");
    const data = createData({ llama });
    const build = async (name: string, request: Partial<Parameters<typeof data.buildTrainingSet>[0]>) => value(await data.buildTrainingSet({ runDirectory, modelPath: modelPath("qwen2"), operators: [], prompt: bare, goal: "", seed: 1, maxSequenceTokens: 512, outDirectory: join(folder, name), ...request }, signal));
    const plain = await build("plain", {});
    const unique = await build("unique", { operators: [{ operator: "deduplicate" }] });
    const calm = await build("calm", { operators: [{ operator: "deduplicate" }, { operator: "drop-conflicts" }] });
    const shown = await build("shown", { prompt: { system: "Answer in JSON.", fewShot: 4, shotSelection: "fixed" }, limitRows: 200 });
    expect(unique.rows).toBeLessThan(plain.rows);
    expect(calm.rows).toBeLessThan(unique.rows);
    expect(shown.rows).toBe(200);
    expect(shown.tokens / shown.rows).toBeGreaterThan((plain.tokens / plain.rows) * 2);
    expect((await build("again", {})).dataSha256).toBe(plain.dataSha256);
    const short = await build("short", { maxSequenceTokens: 60 });
    expect(short.droppedRows).toBeGreaterThan(20);
    const rowsOf = async (path: string) => (await readFile(path, "utf8")).trim().split("\n").map((line) => (JSON.parse(line) as { tokens: number[] }).tokens.join());
    const train = new Set(await rowsOf(plain.trainPath));
    expect((await rowsOf(plain.validationPath)).filter((row) => train.has(row))).toEqual([]);
    const planned = spawnSync(trainer, ["plan", "-"], { input: JSON.stringify({ model: modelPath("qwen2"), data: plain.trainPath, validation: plain.validationPath, outDir: join(folder, "out"), method: "lora", epochs: 1 }), encoding: "utf8" });
    expect(planned.stdout).toContain('"fits"');
    expect(planned.status).toBe(0);
  });
});

describe("evaluate", () => {
  const evaluation = (runDirectory: string, metric: MetricName, changes: Partial<EvaluateRequest> = {}): EvaluateRequest => ({
    runDirectory, split: "dev-search", limit: 80, modelPath: modelPath("demo"), adapterPath: null, prompt: bare, goal: "", metric, maxAnswerTokens: 32, threads: 2, seed: 1,
    outPath: join(runDirectory, "eval", `${metric}.jsonl`), onProgress: () => undefined, ...changes,
  });

  it("goes on where it was stopped and comes to the same items", async () => {
    const { runDirectory } = await prepare("evaluate", "demo");
    const evaluator = createEvaluator({ llama, scorer });
    const prompt = { ...bare, fewShot: 4 };
    const whole = value(await evaluator.evaluate(evaluation(runDirectory, "json-fields", { prompt }), signal));
    // Shown how, the base speaks JSON, in other words than the task's.
    expect(whole.estimate.n).toBe(80);
    expect(whole.estimate.score).toBeLessThan(0.1);
    expect(whole.secondary.jsonValid).toBeGreaterThan(0.5);
    expect(whole.secondary.fieldAccuracy).toBeLessThan(0.3);
    expect(whole.samples).toHaveLength(12);
    expect(whole.failures.map(({ label }) => label)).toContain("wrong field: action");
    const stop = new AbortController();
    const outPath = join(runDirectory, "eval", "stopped.jsonl");
    const stopped = await evaluator.evaluate(evaluation(runDirectory, "json-fields", { prompt, outPath, onProgress: ({ done }) => { if (done === 64) stop.abort(); } }), stop.signal);
    expect(stopped).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    expect((await readFile(outPath, "utf8")).trim().split("\n")).toHaveLength(64);
    const seen: number[] = [];
    const resumed = value(await evaluator.evaluate(evaluation(runDirectory, "json-fields", { prompt, outPath, onProgress: ({ done }) => seen.push(done) }), signal));
    expect(seen[0]).toBe(64);
    expect(resumed.items).toEqual(whole.items);
  });

  it.each(["similar", "coverage"] as const)("trains and evaluates with the same %s worked examples", async (shotSelection) => {
    const runDirectory = join(folder, "evaluate");
    const prompt: Prompt = { system: "Answer in JSON.", fewShot: 3, shotSelection };
    const outDirectory = join(folder, `set-${shotSelection}`);
    const built = value(await createData({ llama }).buildTrainingSet({ runDirectory, modelPath: demoModel, operators: [], prompt, goal: "", seed: 1, maxSequenceTokens: 1024, outDirectory }, signal));
    const rows = (await readFile(built.trainPath, "utf8")).trim().split("\n").map((line) => JSON.parse(line) as { tokens: number[]; train: [number, number][] });
    expect(rows).toHaveLength(built.rows);
    // What evaluation would ask for the very training rows is what stands before their answers, whatever made the file.
    const train = value(await readSplit(runDirectory, "train")).slice(0, 300);
    const tokenization = value(await createTokenization(llama, demoModel, signal));
    const prompts = value(await tokenization.prompts(train, prompt, value(await openShots(runDirectory, prompt, signal)), signal)).map((tokens) => tokens.join());
    const trained = new Set(rows.map(({ tokens, train: ranges }) => tokens.slice(0, ranges.at(-1)![0]).join()));
    // All but the few set aside for validation.
    expect(prompts.filter((asked) => trained.has(asked)).length).toBeGreaterThan(prompts.length * 0.8);
    const outcome = value(await createEvaluator({ llama, scorer }).evaluate(evaluation(runDirectory, "json-fields", { prompt, limit: 16, outPath: join(runDirectory, "eval", `${shotSelection}.jsonl`) }), signal));
    expect(outcome.secondary.jsonValid).toBeGreaterThan(0.3);
  });

  it("shows no samples of a sealed split", async () => {
    const runDirectory = join(folder, "evaluate");
    const outcome = value(await createEvaluator({ llama, scorer }).evaluate(evaluation(runDirectory, "exact-match", { split: "vault", limit: 8, outPath: join(runDirectory, "eval", "vault.jsonl") }), signal));
    expect(outcome).toMatchObject({ samples: [], failures: [], estimate: { n: 8 } });
  });

  it("measures the perplexity that random weights have: about the size of the vocabulary", async () => {
    const outcome = value(await createEvaluator({ llama, scorer }).evaluate(evaluation(join(folder, "evaluate"), "perplexity", { limit: 10, modelPath: modelPath("qwen2") }), signal));
    expect(outcome.secondary.perplexity).toBeGreaterThan(151_000 * 0.8);
    expect(outcome.secondary.perplexity).toBeLessThan(151_000 * 1.3);
    expect(outcome.estimate.score).toBeCloseTo(-Math.log(outcome.secondary.perplexity!), 0);
  });

  it("chooses by log-likelihood, at chance with random weights", async () => {
    const path = join(folder, "choices.jsonl");
    const rows = Array.from({ length: 300 }, (_, index) => JSON.stringify({ question: `Which word belongs to ${index}?`, choices: ["a stone", `word ${index}`, "the sea", `${index * 7}`], answer: index % 4 }));
    await writeFile(path, rows.join("\n"));
    const { runDirectory, prepared } = await prepare("choices", "llama-3", path);
    expect(prepared.recommendedMetric).toBe("multiple-choice");
    const outcome = value(await createEvaluator({ llama, scorer }).evaluate(evaluation(runDirectory, "multiple-choice", { modelPath: modelPath("llama-3") }), signal));
    expect(outcome.estimate.n).toBe(45);
    expect(outcome.estimate.ci[0]).toBeLessThan(0.25);
    expect(outcome.estimate.ci[1]).toBeGreaterThan(0.1);
    expect(Object.keys(outcome.secondary)).toEqual(["accNorm", "accBytes"]);
  });

  it.each([["multiple-choice", "choices", "llama-3"], ["perplexity", "evaluate", "qwen2"]] as const)("comes to the same %s bit for bit, however it was interrupted", async (metric, directory, kind) => {
    const runDirectory = join(folder, directory);
    const changes = { limit: 20, modelPath: modelPath(kind), outPath: join(runDirectory, "eval", `cut-${metric}.jsonl`) };
    const evaluator = createEvaluator({ llama, scorer });
    const whole = value(await evaluator.evaluate(evaluation(runDirectory, metric, changes), signal));
    const lines = (await readFile(changes.outPath, "utf8")).split("\n");
    await writeFile(changes.outPath, `${lines.slice(0, 13).join("\n")}\n${lines[13]!.slice(0, 20)}`);
    const resumed = value(await evaluator.evaluate(evaluation(runDirectory, metric, changes), signal));
    expect(resumed.items).toEqual(whole.items);
    expect((await readFile(changes.outPath, "utf8")).split("\n")).toEqual(lines);
  });

  it("finds a model no worse than itself", async () => {
    const outcome = value(await createEvaluator({ llama, scorer }).regression({ modelPath: demoModel, adapterPath: null, threads: 2, guards: guardNames }, signal));
    expect(outcome.checks.map(({ name }) => name)).toEqual(["ordinary requests", "empty input", "other languages", "special tokens as text", "long input", "format", "general text"]);
    expect(outcome.checks.filter(({ base, candidate, passed }) => base !== candidate || !passed)).toEqual([]);
  });
});

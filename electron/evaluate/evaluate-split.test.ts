import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fail, ok, type EvaluateRequest, type LlamaHost, type Scorer } from "../contract/index.js";
import { evaluateSplit } from "./evaluate-split.js";
import { itemsOfCalls, type Pair } from "./score-calls.js";

const never = new AbortController().signal;
let folder = "";
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), "trex-split-")); });
afterEach(async () => { await rm(folder, { recursive: true }); });

/** A tokenizer of one token a character; a continuation's likelihood is a function of its tokens and its context alone. */
function services(failAtCall = Infinity) {
  const calls: { pairs: number; ids: string[] }[] = [];
  const generated: number[] = [];
  const llama = {
    templateOf: async () => ok({ template: "{% for message in messages %}{{ message['content'] }}\n{% endfor %}", bosToken: "", eosToken: "", endOfTurnTokens: [10] }),
    tokenize: async ({ sequences }: Parameters<LlamaHost["tokenize"]>[0]) => ok(sequences.map((segments) => Array.from(segments.map(({ text }) => text).join(""), (character) => character.codePointAt(0)!))),
    generate: async ({ prompts }: Parameters<LlamaHost["generate"]>[0]) => {
      generated.push(prompts.length);
      return ok(prompts.map(() => ({ tokens: [1], text: "yes", stopReason: "end-of-turn" as const })));
    },
  } as unknown as LlamaHost;
  const sum = (tokens: readonly number[]): number => tokens.reduce((total, token) => (total * 31 + token) % 1009, 7);
  const scorer: Scorer = {
    score: async ({ pairs }) => {
      if (calls.length === failAtCall) return fail("CANCELLED", "trainer.cancelled", "Stopped.");
      calls.push({ pairs: pairs.length, ids: pairs.map(({ id }) => id) });
      return ok(pairs.map(({ id, context, continuation }) => ({ id, logLikelihood: -((sum(context) * sum(continuation)) % 101) - 1, tokens: continuation.length, isGreedy: false })));
    },
  };
  return { services: { llama, scorer }, calls, generated };
}

async function writeItems(count: number): Promise<void> {
  await mkdir(join(folder, "data"), { recursive: true });
  const rows = Array.from({ length: count }, (_, at) => ({ id: `i${at}`, sourceRow: at + 1, messages: [{ role: "user", content: `q ${at}` }, { role: "assistant", content: "yes" }], choices: ["yes", "no", `${at}`, "never"], answerIndex: 0 }));
  await writeFile(join(folder, "data", "dev-search.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

const request = (changes: Partial<EvaluateRequest> = {}): EvaluateRequest => ({
  runDirectory: folder, split: "dev-search", modelPath: "m", adapterPath: null, prompt: { system: null, fewShot: 0, shotSelection: "fixed" }, goal: "", metric: "multiple-choice",
  maxAnswerTokens: 8, threads: 1, seed: 1, outPath: join(folder, "eval", "items.jsonl"), onProgress: () => undefined, ...changes,
});
async function evaluated(world: ReturnType<typeof services>, changes: Partial<EvaluateRequest> = {}) {
  const outcome = await evaluateSplit(world.services, request(changes), never);
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}
const kept = async (): Promise<string[]> => (await readFile(join(folder, "eval", "items.jsonl"), "utf8")).trim().split("\n");

describe("likelihood metrics", () => {
  it("take few large calls, and score each item as if it were alone", async () => {
    await writeItems(700);
    const world = services();
    const progress: number[] = [];
    const outcome = await evaluated(world, { onProgress: ({ done }) => progress.push(done) });
    expect(world.calls.map(({ pairs }) => pairs)).toEqual([2_000, 800]);
    expect(progress).toEqual([0, 500, 700]);
    for (const at of [0, 1, 499, 500, 699]) {
      const single = services();
      const all = await readFile(join(folder, "data", "dev-search.jsonl"), "utf8");
      const alone = join(folder, `alone-${at}`);
      await mkdir(join(alone, "data"), { recursive: true });
      await writeFile(join(alone, "data", "dev-search.jsonl"), `${all.split("\n")[at]!}\n`);
      const item = await evaluated(single, { runDirectory: alone, outPath: join(alone, "items.jsonl") });
      expect(item.items[0]).toEqual(outcome.items[at]);
    }
    expect(new Set(outcome.items.map(({ answer }) => answer)).size).toBeGreaterThan(10);
  });

  it("keep what was scored before they were stopped, and go on right there", async () => {
    await writeItems(700);
    const whole = await evaluated(services(), { outPath: join(folder, "whole.jsonl") });
    const stopped = await evaluateSplit(services(1).services, request(), never);
    expect(stopped).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    expect(await kept()).toHaveLength(500);
    const world = services();
    expect((await evaluated(world)).items).toEqual(whole.items);
    expect(world.calls.map(({ pairs }) => pairs)).toEqual([800]);
  });

  it("need no whole batches to go on from", async () => {
    await writeItems(70);
    const whole = await evaluated(services());
    await writeFile(join(folder, "eval", "items.jsonl"), `${(await kept()).slice(0, 5).join("\n")}\n{"id":"i5","sco`);
    const world = services();
    expect((await evaluated(world)).items).toEqual(whole.items);
    expect(world.calls.map(({ pairs }) => pairs)).toEqual([65 * 4]);
  });

  it("score perplexity with one pair an item", async () => {
    await writeItems(130);
    const world = services();
    const { secondary } = await evaluated(world, { metric: "perplexity" });
    expect(world.calls.map(({ pairs }) => pairs)).toEqual([130]);
    expect(secondary.perplexity).toBeGreaterThan(1);
  });
});

describe("generated answers", () => {
  it("keep batches of 64, which begin at their multiples after an interruption too", async () => {
    await writeItems(130);
    const world = services();
    await evaluated(world, { metric: "exact-match" });
    expect(world.generated).toEqual([64, 64, 2]);
    await writeFile(join(folder, "eval", "items.jsonl"), `${(await kept()).slice(0, 70).join("\n")}\n`);
    const again = services();
    await evaluated(again, { metric: "exact-match" });
    expect(again.generated).toEqual([64, 2]);
    expect(world.calls).toEqual([]);
  });
});

describe("itemsOfCalls", () => {
  const item = (context: readonly number[], ...continuations: number[]): Pair[] => continuations.map((length, at) => ({ id: `${at}`, context, continuation: Array.from({ length }, () => 9) }));

  it("divides no item, bounds pairs and tokens, and leaves nothing out", () => {
    expect(itemsOfCalls([])).toEqual([]);
    expect(itemsOfCalls([item([1], 1, 1), item([2], 1, 1), item([3], 1)], 3, 100)).toEqual([1, 2]);
    expect(itemsOfCalls([item([1], 50), item([2], 50), item([3], 500), item([4], 1)], 10, 102)).toEqual([2, 1, 1]);
  });

  it("counts what an item has in common with the one before once, within a call", () => {
    const prefix = Array.from({ length: 90 }, (_, at) => at);
    const items = [1, 2, 3].map((last) => item([...prefix, 100 + last], 3));
    expect(itemsOfCalls(items, 10, 102)).toEqual([3]);
    expect(itemsOfCalls(items, 10, 101)).toEqual([2, 1]);
    expect(itemsOfCalls([...items, ...items], 10, 101)).toEqual([2, 2, 2]);
  });
});

import { describe, expect, it } from "vitest";
import { guardNames, ok, type GuardName, type LlamaHost, type Scorer } from "../contract/index.js";
import { checkRegression } from "./check-regression.js";

const { signal } = new AbortController();
/** A tokenizer of one token a character, and a model whose adapter falls silent where `silent` says so and drifts by `drift`. */
function services(silent: (prompt: string) => boolean, drift = 1) {
  const asked: string[] = [];
  let pairs = 0;
  const llama = {
    templateOf: async () => ok({ template: "{% for message in messages %}{{ message['content'] }}\n{% endfor %}", bosToken: "", eosToken: "", endOfTurnTokens: [10] }),
    tokenize: async ({ sequences }: Parameters<LlamaHost["tokenize"]>[0]) => ok(sequences.map((segments) => Array.from(segments.map(({ text }) => text).join(""), (character) => character.codePointAt(0)!))),
    generate: async ({ prompts, adapterPath }: Parameters<LlamaHost["generate"]>[0]) => ok(prompts.map((tokens) => {
      const prompt = String.fromCodePoint(...tokens);
      asked.push(prompt);
      return { tokens: [1, 2, 3], text: adapterPath !== null && silent(prompt) ? " " : "fine", stopReason: "end-of-turn" as const };
    })),
  } as unknown as LlamaHost;
  const scorer: Scorer = { score: async (request) => { pairs += request.pairs.length; return ok(request.pairs.map(({ id, continuation }) => ({ id, logLikelihood: -continuation.length * (request.adapterPath === null ? 1 : drift), tokens: continuation.length, isGreedy: false }))); } };
  return { services: { llama, scorer }, asked, pairs: () => pairs };
}
async function check(guards: readonly GuardName[], silent: (prompt: string) => boolean = () => false, drift = 1) {
  const world = services(silent, drift);
  const outcome = await checkRegression(world.services, { modelPath: "m", adapterPath: "a", threads: 1, guards }, signal);
  if (!outcome.ok) throw new Error(outcome.error.message);
  return { ...world, checks: outcome.value.checks };
}

describe("checkRegression", () => {
  it("runs every check when every guard is asked for, and says whose each is", async () => {
    const { checks } = await check(guardNames);
    expect(checks.map(({ name, guard }) => [name, guard])).toEqual([["ordinary requests", "general"], ["empty input", "odd-input"], ["other languages", "other-language"], ["special tokens as text", "odd-input"], ["long input", "long-input"], ["format", "format"], ["general text", "general"]]);
    expect(checks.every(({ passed, base, candidate }) => passed && base === candidate)).toBe(true);
  });

  it("runs only what is asked for, and gives the same answer for it", async () => {
    const silent = (prompt: string): boolean => /Wie|Dónde|Quelle|何曜日/.test(prompt);
    const all = await check(guardNames, silent, 1.5);
    expect(all.checks.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual(["other languages", "general text"]);
    const one = await check(["other-language"], silent, 1.5);
    expect(one.checks).toEqual(all.checks.filter(({ guard }) => guard === "other-language"));
    expect(one.asked.every(silent)).toBe(true);
    expect(one.pairs()).toBe(0);
    for (const guard of guardNames) expect((await check([guard], silent, 1.5)).checks).toEqual(all.checks.filter((each) => each.guard === guard));
    expect((await check([])).checks).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { ok, type Example, type LlamaHost, type Prompt } from "../../contract/index.js";
import { fixedShots, type Shots } from "./shots.js";
import { createTokenization } from "./tokenize-rows.js";

const { signal } = new AbortController();
/** A tokenizer of one token a character; what is laid out can be read back from it. */
const llama = {
  templateOf: async () => ok({ template: "{% for message in messages %}[{{ message['role'] }}]{{ message['content'] }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}", bosToken: "", eosToken: "", endOfTurnTokens: [10] }),
  tokenize: async ({ sequences }: Parameters<LlamaHost["tokenize"]>[0]) => ok(sequences.map((segments) => Array.from(segments.map(({ text }) => text).join(""), (character) => character.codePointAt(0)!))),
} as unknown as LlamaHost;
const example = (question: string, answer: string): Example => ({ id: question, sourceRow: 1, messages: [{ role: "user", content: question }, { role: "assistant", content: answer }] });
const list = Array.from({ length: 6 }, (_, at) => example(`shot ${at}`, `answer ${at}`));
const prompt = (fewShot: number): Prompt => ({ system: null, fewShot, shotSelection: "fixed" });
const read = (tokens: readonly number[]): string => String.fromCodePoint(...tokens);
const shotsIn = (tokens: readonly number[]): number => read(tokens).split("shot ").length - 1;

async function promptsWithin(mostPromptTokens: number | null, questions: readonly string[]): Promise<readonly (readonly number[])[]> {
  const tokenization = await createTokenization(llama, "m", signal);
  if (!tokenization.ok) throw new Error();
  const shots: Shots = fixedShots(list, mostPromptTokens);
  const examples = questions.map((question) => example(question, "yes"));
  const made = await tokenization.value.prompts(examples, prompt(4), shots, signal);
  const rows = await tokenization.value.rows(examples, prompt(4), shots, signal);
  if (!made.ok || !rows.ok) throw new Error();
  // Training, generation and likelihoods see the very same prompt.
  for (const [at, row] of rows.value.entries()) {
    expect(row.tokens.slice(0, row.answerStart)).toEqual(made.value[at]);
    const choices = await tokenization.value.continuations(examples[at]!, prompt(4), shots, ["yes", "no"], signal);
    if (!choices.ok) throw new Error();
    expect(choices.value.context).toEqual(made.value[at]);
    expect(choices.value.continuations.map(read)).toEqual(["yes", "no"]);
  }
  return made.value;
}

describe("prompts that would not fit", () => {
  const long = "x".repeat(100);
  it("show fewer worked examples, each question as many as it has room for", async () => {
    const [short, longer, longest] = await promptsWithin(200, ["q", long, "y".repeat(300)]);
    expect(shotsIn(short!)).toBe(4);
    // One worked example is 35 characters, the frame of a question 18: 118 + 2 * 35 <= 200 < 118 + 3 * 35.
    expect(shotsIn(longer!)).toBe(2);
    expect(longer!.length).toBeLessThanOrEqual(200);
    expect(read(longer!)).toContain("shot 0");
    expect(shotsIn(longest!)).toBe(0);
  });

  it("are left alone where no limit is known", async () => {
    for (const tokens of await promptsWithin(null, ["q", long])) expect(shotsIn(tokens)).toBe(4);
  });
});

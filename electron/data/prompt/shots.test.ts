import { describe, expect, it } from "vitest";
import type { Example } from "../../contract/index.js";
import { idOf } from "../identity.js";
import { keyExamples } from "../keyed-example.js";
import { chooseShots } from "./choose-shots.js";
import { coverShots } from "./cover-shots.js";
import { fixedShots, noShots } from "./shots.js";
import { similarShots } from "./similar-shots.js";
import { SimilarityIndex, dot } from "./similarity-index.js";

const { signal } = new AbortController();
function example(question: string, answer: string, system?: string): Example {
  const messages: Example["messages"] = [...(system === undefined ? [] : [{ role: "system" as const, content: system }]), { role: "user", content: question }, { role: "assistant", content: answer }];
  return { id: idOf(messages), sourceRow: 1, messages };
}
const questions = (rows: readonly Example[]): string[] => rows.map(({ messages }) => messages.at(-2)!.content);

const rooms = ["kitchen", "bedroom", "bath", "hall", "garage"];
const train = [
  ...rooms.flatMap((room) => Array.from({ length: 8 }, (_, at) => example(`turn on lamp ${at} in the ${room}`, '{"action":"light"}'))),
  ...rooms.map((room) => example(`warm up the ${room}`, '{"action":"heat"}')),
  example("play some jazz", '{"action":"music"}'),
];

describe("fixed shots", () => {
  it("are the ones this seed has always drawn", async () => {
    // What the rule drew before there were other selections: a resumed run must show the same.
    expect(questions(chooseShots(await keyExamples(train), 7)).slice(0, 6)).toEqual(["turn on lamp 5 in the hall", "warm up the garage", "play some jazz", "turn on lamp 4 in the hall", "warm up the bedroom", "turn on lamp 0 in the garage"]);
  });

  it("leave out the row itself, and fewer are the first of more", () => {
    const shots = fixedShots([example("one", "1"), example("two", "2"), example("three", "3")]);
    expect(questions(shots.choose(example("TWO!", "2"), 2))).toEqual(["one", "three"]);
    expect(questions(shots.choose(example("four", "4"), 1))).toEqual(["one"]);
  });
});

describe("similar shots", () => {
  it("stand most similar last, and fewer are the last of more", async () => {
    const shots = await similarShots(train, noShots, signal);
    const asked = example("please warm up the attic", "?");
    const four = questions(shots.choose(asked, 4));
    expect(four.every((question) => question.startsWith("warm up"))).toBe(true);
    expect(questions(shots.choose(asked, 2))).toEqual(four.slice(-2));
    const index = await SimilarityIndex.build(questions(train), signal);
    const similarity = (question: string): number => index.nearest("please warm up the attic", train.length, () => true).find(({ row }) => questions(train)[row] === question)!.similarity;
    expect(four.map(similarity)).toEqual(four.map(similarity).toSorted((left, right) => left - right));
  });

  it("never show a row itself, nor one with the same question, whatever system message or case it has", async () => {
    const rows = [...train, example("Warm up the KITCHEN.", '{"action":"heat"}', "system"), example("warm  up the kitchen", '{"action":"heat"}')];
    const shots = await similarShots(rows, fixedShots(train), signal);
    for (const row of rows) {
      const shown = questions(shots.choose(row, 16)).map((question) => question.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim());
      expect(shown).toHaveLength(16);
      expect(new Set(shown).size).toBe(16);
      expect(shown).not.toContain(row.messages.at(-2)!.content.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim());
    }
  });

  it("show no disputed, long or many-turned row", async () => {
    const talk: Example = { id: "t", sourceRow: 1, messages: [{ role: "user", content: "warm up it" }, { role: "assistant", content: "what" }, { role: "user", content: "warm up the cellar" }, { role: "assistant", content: "ok" }] };
    const rows = [...train, example("warm up the cellar now", "a"), example("warm up the cellar now", "b"), example(`warm up the cellar ${"x".repeat(300)}`, "c"), talk];
    const shown = questions((await similarShots(rows, noShots, signal)).choose(example("warm up the cellar", "?"), 16));
    expect(shown.filter((question) => question.includes("cellar"))).toEqual([]);
    expect(shown.length).toBeGreaterThan(4);
  });

  it("fill up in front with the run's fixed ones where nothing is alike", async () => {
    const shots = await similarShots(train, fixedShots([example("play some jazz", "x"), example("never asked", "y")]), signal);
    expect(questions(shots.choose(example("jazz", "?"), 3))).toEqual(["never asked", "play some jazz"]);
    expect(questions(shots.choose(example("天気", "?"), 2))).toEqual(["never asked", "play some jazz"]);
  });

  it("do not depend on the order of the training rows", async () => {
    const asked = example("turn on the lamp", "?");
    expect((await similarShots(train.toReversed(), noShots, signal)).choose(asked, 8)).toEqual((await similarShots(train, noShots, signal)).choose(asked, 8));
  });
});

describe("coverage shots", () => {
  it("take each kind of answer in turn, and are farther apart than drawn ones", async () => {
    const keyed = await keyExamples(train);
    const covered = await coverShots(keyed, 3, signal);
    expect(covered).toHaveLength(17);
    expect(covered.slice(0, 3).map(({ messages }) => messages.at(-1)!.content)).toEqual(['{"action":"light"}', '{"action":"heat"}', '{"action":"music"}']);
    const closest = async (rows: readonly Example[]): Promise<number> => {
      const index = await SimilarityIndex.build(questions(rows), signal);
      return Math.max(...rows.flatMap((_, left) => rows.slice(left + 1).map((__, after) => dot(index.vector(left), index.vector(left + 1 + after)))));
    };
    const lamps = (rows: readonly Example[]): Example[] => rows.filter(({ messages }) => messages.at(-1)!.content.includes("light")).slice(0, 5);
    const drawn = await Promise.all(Array.from({ length: 20 }, async (_, seed) => closest(lamps(chooseShots(keyed, seed)))));
    expect(await closest(lamps(covered))).toBeLessThan(drawn.reduce((sum, value) => sum + value, 0) / drawn.length);
  });

  it("are the same for the same seed, and the rule is followed", async () => {
    const keyed = await keyExamples(train);
    expect(await coverShots(keyed, 3, signal)).toEqual(await coverShots(keyed, 3, signal));
    const firsts = new Set(await Promise.all(Array.from({ length: 12 }, async (_, seed) => (await coverShots(keyed, seed, signal))[0]!.id)));
    expect(firsts.size).toBeGreaterThan(3);
  });
});

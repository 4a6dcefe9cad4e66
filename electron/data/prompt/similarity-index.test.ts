import { describe, expect, it } from "vitest";
import { createRandom } from "../../stats/index.js";
import { SimilarityIndex } from "./similarity-index.js";

const { signal } = new AbortController();

/** The same measure from its definition: no hashing, no index, every pair compared. */
function reference(texts: readonly string[], question: string): { row: number; similarity: number }[] {
  const features = (text: string): Map<string, number> => {
    const counts = new Map<string, number>();
    const add = (feature: string) => counts.set(feature, (counts.get(feature) ?? 0) + 1);
    for (const word of text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((part) => part !== "")) {
      add(`word ${word}`);
      for (let at = -1; at < word.length - 1; at += 1) add(`run ${(at < 0 ? "^" : word[at]!) + word[at + 1]! + (word[at + 2] ?? "$")}`);
    }
    return counts;
  };
  const rows = texts.map(features);
  const frequency = new Map<string, number>();
  for (const row of rows) for (const feature of row.keys()) frequency.set(feature, (frequency.get(feature) ?? 0) + 1);
  const vector = (counts: Map<string, number>): Map<string, number> => {
    const weighted = [...counts].filter(([feature]) => frequency.has(feature)).map(([feature, count]): [string, number] => [feature, (1 + Math.log(count)) * (Math.log((1 + texts.length) / (1 + frequency.get(feature)!)) + 1)]);
    const length = Math.sqrt(weighted.reduce((sum, [, weight]) => sum + weight ** 2, 0));
    return new Map(weighted.map(([feature, weight]) => [feature, weight / length]));
  };
  const asked = vector(features(question));
  return rows.map(vector).map((row, at) => ({ row: at, similarity: [...asked].reduce((sum, [feature, weight]) => sum + weight * (row.get(feature) ?? 0), 0) })).sort((left, right) => right.similarity - left.similarity || left.row - right.row);
}

const words = ["lamp", "heating", "kitchen", "bedroom", "turn", "switch", "on", "off", "up", "please", "größe", "fenster", "価格", "blue", "red"];
function sentences(count: number, seed: number): string[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => Array.from({ length: 2 + Math.floor(random() * 4) }, () => words[Math.floor(random() * words.length)]!).join(" "));
}

describe("SimilarityIndex", () => {
  it("finds what comparing every pair finds", async () => {
    const texts = sentences(300, 1);
    const index = await SimilarityIndex.build(texts, signal);
    for (const question of [...sentences(60, 2), "Turn ON the lamp!", "unheard of", "lamps"]) {
      const found = index.nearest(question, 8, () => true);
      const expected = reference(texts, question).filter(({ similarity }) => similarity > 1e-9).slice(0, 8);
      expect(found).toHaveLength(expected.length);
      for (const [at, { similarity }] of found.entries()) expect(similarity).toBeCloseTo(expected[at]!.similarity, 5);
      const asked = new Map(reference(texts, question).map(({ row, similarity }) => [row, similarity]));
      for (const { row, similarity } of found) expect(asked.get(row)).toBeCloseTo(similarity, 5);
    }
  });

  it("gives equals in the order of the rows, leaves out what may not serve, and finds nothing for a stranger", async () => {
    const index = await SimilarityIndex.build(["red lamp", "blue lamp", "red lamp", "red lamp"], signal);
    expect(index.nearest("red lamp", 2, () => true).map(({ row }) => row)).toEqual([0, 2]);
    expect(index.nearest("red lamp", 2, (row) => row !== 0).map(({ row }) => row)).toEqual([2, 3]);
    expect(index.nearest("xyz 123", 2, () => true)).toEqual([]);
    expect((await SimilarityIndex.build([], signal)).nearest("red", 2, () => true)).toEqual([]);
  });

  it("keeps to its bounds with endless rows and ubiquitous words", async () => {
    const long = Array.from({ length: 20_000 }, (_, at) => `w${at}`).join(" ");
    const index = await SimilarityIndex.build([long, `${"the ".repeat(5000)} odd`, ...Array.from({ length: 3000 }, (_, at) => `the same words for all number ${at}`)], signal);
    expect(index.vector(0).terms.length).toBeLessThanOrEqual(48);
    const [first] = index.nearest("the same words for all number 1234", 1, () => true);
    expect(first).toMatchObject({ row: 1236 });
    expect(first!.similarity).toBeCloseTo(1, 5);
  });

  it("stops when it is told to", async () => {
    await expect(SimilarityIndex.build(["a"], AbortSignal.abort())).rejects.toMatchObject({ failure: { class: "CANCELLED" } });
  });
});

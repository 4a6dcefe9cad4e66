import { describe, expect, it } from "vitest";
import { cardConditions, cardSchema, moveIds, numericFields, type CardEffect, type NumericField } from "../../contract.js";
import { anyCard, cardChoices, filterCards, isAnyCard } from "./card-filter.js";
import { effectWords } from "./library-words.js";

const card = (id: string, over: object): ReturnType<typeof cardSchema.parse> => cardSchema.parse({
  id, kind: "built-in", title: `About ${id}`, claim: "A claim of ten words.", scope: "everything", numbers: [], effects: [], sources: [{ title: "A paper", reference: "arXiv:1", locator: "", year: 2024 }],
  disagreements: [], confidence: "measured", tags: [], provenance: null, ...over,
});
const cards = [card("rank-small", { tags: ["rank", "data"], claim: "Rank eight is enough for small data." }), card("rank-large", { tags: ["rank"], confidence: "secondary" }), card("paper-seeds", { kind: "document", sources: [{ title: "Seeds matter", reference: "seeds.pdf", locator: "p. 3", year: null }] })];
const ids = (filter: Partial<typeof anyCard>): string[] => filterCards(cards, { ...anyCard, ...filter }).map((found) => found.id);

describe("narrowing down cards", () => {
  it("leaves all of them when nothing is asked", () => {
    expect(ids({})).toHaveLength(3);
    expect(isAnyCard({ ...anyCard, text: " " })).toBe(true);
    expect(isAnyCard({ ...anyCard, tag: "rank" })).toBe(false);
  });
  it("wants every word, wherever it stands, and every choice", () => {
    expect(ids({ text: "SMALL rank" })).toEqual(["rank-small"]);
    expect(ids({ text: "seeds.pdf" })).toEqual(["paper-seeds"]);
    expect(ids({ text: "rank nowhere" })).toEqual([]);
    expect(ids({ tag: "rank", confidence: "secondary" })).toEqual(["rank-large"]);
    expect(ids({ kind: "document" })).toEqual(["paper-seeds"]);
    expect(ids({ kind: "insight" })).toEqual([]);
  });
  it("offers only what some card has, the most common tag first", () => {
    expect(cardChoices(cards)).toEqual({ kinds: ["built-in", "document"], confidences: ["measured", "secondary"], tags: [{ tag: "rank", count: 2 }, { tag: "data", count: 1 }] });
  });
});

describe("what a card means for the search", () => {
  it("is a sentence for every field, move and condition", () => {
    const effects: CardEffect[] = [
      ...(Object.keys(numericFields) as NumericField[]).map((field): CardEffect => ({ kind: "number", field, when: "always", centre: 2, spread: 0.1 })),
      ...moveIds.map((move): CardEffect => ({ kind: "move", move, when: "always", gain: 0.1, spread: 0.1 })),
      ...cardConditions.map((when): CardEffect => ({ kind: "number", field: "rank", when, centre: 2, spread: 0.1 })),
    ];
    const sentences = effects.map(effectWords);
    expect(sentences.every((sentence) => sentence.endsWith(".") && !sentence.includes("undefined"))).toBe(true);
    expect(new Set(sentences).size).toBe(effects.length - 1); // "rank, always" is there twice
    expect(effectWords({ kind: "move", move: "deduplicate", when: "has-duplicates", gain: -0.05, spread: 0.1 })).toBe("“Remove repeated rows” is expected to go \u22125.0\u2009% of the way to perfect, when rows repeat.");
  });
});

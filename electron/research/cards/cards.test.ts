import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cardSchema, ok, type Card, type CardEffect } from "../../contract/index.js";
import { createKnowledge } from "../knowledge.js";
import { createCardShelf } from "./card-shelf.js";
import { conditionsOf } from "./conditions.js";
import { createInsights } from "./insights.js";
import { loadBuiltInCards } from "./load-cards.js";
import { selectCards, type Situation } from "./select-cards.js";

let folder = "";
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "trex-cards-")); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

const card = (id: string, more: Partial<Card> = {}): Card => cardSchema.parse({
  id, kind: "built-in", title: `Title of ${id}`, claim: `The claim that ${id} makes.`, scope: "Language models.", numbers: [], effects: [],
  sources: [{ title: "A paper", reference: "arXiv:0000.00000", locator: "", year: 2025 }], disagreements: [], confidence: "reported", tags: [], provenance: null, ...more,
});
const insight = (id: string, more: Partial<Card> = {}): Card => card(id, { kind: "insight", provenance: { runId: "r", nodeId: "n1", architecture: "qwen3", metric: "exact-match", date: "2026-01-01" }, ...more });
const number = (field: "learningRate" | "rank" | "epochs", centre: number, when: CardEffect["when"] = "always", spread = 0.2): CardEffect => ({ kind: "number", field, when, centre, spread });
const move = (name: "deduplicate" | "drop-conflicts" | "instruction", gain: number, when: CardEffect["when"] = "always"): CardEffect => ({ kind: "move", move: name, when, gain, spread: 0.05 });

describe("loadBuiltInCards", () => {
  it("reads every list of the folder, in a fixed order, and nothing else", async () => {
    writeFileSync(join(folder, "b.json"), JSON.stringify([card("of-b")]));
    writeFileSync(join(folder, "a.json"), JSON.stringify([card("a-one"), card("a-two")]));
    writeFileSync(join(folder, "README.md"), "text");
    const cards = await loadBuiltInCards(folder);
    expect(cards.ok && cards.value.map(({ id }) => id)).toEqual(["a-one", "a-two", "of-b"]);
  });
  it.each([
    ["two cards with one id", [card("same"), card("same")], /same.*too/u], ["a card of another kind", [insight("other")], /kind "insight"/u],
    ["a number outside of its field's bounds", [card("wild", { effects: [number("learningRate", 0.5)] })], /learningRate/u], ["a card without sources", [{ ...card("bare"), sources: [] }], /sources/u],
  ])("refuses %s, naming file and card", async (_name, cards, why) => {
    writeFileSync(join(folder, "a.json"), JSON.stringify(cards));
    const loaded = await loadBuiltInCards(folder);
    expect(!loaded.ok && loaded.error.message).toMatch(why);
    expect(!loaded.ok && loaded.error.message).toContain("a.json");
  });
  it("accepts the cards that ship", async () => {
    const shipped = await loadBuiltInCards(new URL("../../../resources/cards", import.meta.url).pathname);
    expect(shipped.ok ? shipped.value.length : shipped.error.message).toBeGreaterThanOrEqual(80);
  });
});

describe("insights", () => {
  const file = (): string => join(folder, "library", "insights.jsonl");
  it("come back in order, the later of two with one id", async () => {
    const insights = createInsights(file());
    expect(await insights.read()).toEqual(ok({ cards: [], damaged: 0 }));
    await Promise.all([insights.append([insight("one"), insight("two")]), insights.append([insight("three"), insight("one", { title: "Newer" })])]);
    const read = await createInsights(file()).read();
    expect(read.ok && read.value.cards.map(({ id, title }) => [id, title])).toEqual([["two", "Title of two"], ["three", "Title of three"], ["one", "Newer"]]);
  });
  it("survive a tail torn at any byte, and what is added after it is whole", async () => {
    const first = createInsights(file());
    await first.append([insight("kept")]);
    const whole = statSync(file()).size;
    await first.append([insight("torn")]);
    const both = readFileSync(file());
    for (let size = whole + 1; size < both.length - 1; size += 37) {
      writeFileSync(file(), both);
      truncateSync(file(), size);
      const insights = createInsights(file());
      const read = await insights.read();
      expect(read.ok && read.value).toMatchObject({ cards: [{ id: "kept" }], damaged: 1 });
      await insights.append([insight("after")]);
      const again = await insights.read();
      expect(again.ok && again.value.cards.map(({ id }) => id)).toEqual(["kept", "after"]);
    }
  });
  it("pass over lines that are no cards, and refuse to write one that is none", async () => {
    const insights = createInsights(file());
    await insights.append([insight("one")]);
    appendFileSync(file(), "not json\n{\"id\":\"x\"}\n");
    await insights.append([insight("two")]);
    const read = await insights.read();
    expect(read.ok && [read.value.cards.length, read.value.damaged]).toEqual([2, 2]);
    expect(await insights.append([card("built-in-card")])).toMatchObject({ ok: false, error: { code: "insights.wrong" } });
    expect(await insights.append([])).toEqual(ok(undefined));
  });
});

describe("conditionsOf", () => {
  const facts = { trainRows: 5000, parameters: 4e9, conflicts: 0, duplicates: 0, answersAreJson: false, metric: "exact-match" as const, longestTokens: 500, budgetMs: 2 * 3_600_000, modelBytesPerWeight: 0.6 };
  it("holds nothing but always for the middle of everything", () => { expect(conditionsOf(facts)).toEqual(["always"]); });
  it.each<[Partial<typeof facts> | { metric: "json-fields" | "multiple-choice" } | { modelBytesPerWeight: null }, string[]]>([
    [{ trainRows: 999 }, ["small-data"]], [{ trainRows: 20_001 }, ["large-data"]], [{ parameters: 0.6e9 }, ["small-model"]], [{ parameters: 14e9 }, ["large-model"]],
    [{ conflicts: 24 }, []], [{ conflicts: 25 }, ["has-conflicts"]], [{ duplicates: 300 }, ["has-duplicates"]], [{ answersAreJson: true }, ["json-answers"]], [{ metric: "json-fields" }, ["json-answers"]],
    [{ metric: "multiple-choice" }, ["multiple-choice"]], [{ longestTokens: 4096 }, ["long-rows"]], [{ budgetMs: 1_800_000 }, ["small-budget"]], [{ budgetMs: 8 * 3_600_000 }, ["large-budget"]],
    [{ modelBytesPerWeight: 0.4 }, ["few-bits"]], [{ modelBytesPerWeight: null }, []],
  ])("%j adds %j", (change, added) => { expect(conditionsOf({ ...facts, ...change })).toEqual(["always", ...added]); });
});

describe("selectCards", () => {
  const situation: Situation = { goal: "Classify support tickets by topic", conditions: ["always", "small-data"], menu: ["learning-rate", "rank", "train-longer", "deduplicate", "instruction"], axisCounts: { optimization: 4 } };
  const rates = Array.from({ length: 6 }, (_, index) => card(`rate-${index}`, { confidence: "measured", effects: [number("learningRate", 2e-4, "always", 0.05)] }));
  const mixed = [...rates, card("ranks", { effects: [number("rank", 16)] }), card("longer", { effects: [number("epochs", 3)] }), card("twice", { effects: [move("deduplicate", 0.02)] }), card("say-it", { effects: [move("instruction", 0.05)] })];

  it("covers different fields before it repeats one", () => {
    const ids = selectCards(mixed, situation, 6).map(({ id }) => id);
    expect(ids).toHaveLength(6);
    expect(ids).toEqual(expect.arrayContaining(["ranks", "longer", "twice", "say-it"]));
  });
  it("is the same whatever the order of the cards", () => {
    const ids = selectCards(mixed, situation, 6).map(({ id }) => id);
    for (let turn = 1; turn < mixed.length; turn += 1) expect(selectCards([...mixed.slice(turn), ...mixed.slice(0, turn)].reverse(), situation, 6).map(({ id }) => id)).toEqual(ids);
  });
  it("prefers what holds just here to what holds elsewhere or cannot be done", () => {
    const cards = [card("elsewhere", { effects: [number("rank", 16, "large-data")] }), card("here", { effects: [number("rank", 8, "small-data")] }), card("general", { effects: [number("rank", 16)] }), card("not-on-menu", { effects: [move("drop-conflicts", 0.3)] })];
    expect(selectCards(cards, situation, 4).map(({ id }) => id)).toEqual(["here", "general"]);
  });
  it("lets words of the goal and less tried axes weigh", () => {
    const [first] = selectCards([card("a-general"), card("b-tickets", { claim: "Classification of short tickets gains from short prompts." })], situation, 1);
    expect(first?.id).toBe("b-tickets");
    const [untried] = selectCards([card("a-rate", { effects: [number("learningRate", 2e-4)] }), card("b-rank", { effects: [number("rank", 16)] })], situation, 1);
    expect(untried?.id).toBe("b-rank");
  });
  it("gives no more than there are", () => { expect(selectCards([], situation, 6)).toEqual([]); });
});

describe("createKnowledge", () => {
  const request = { goal: "Extract fields from invoices", metric: "json-fields", skill: "extraction", architecture: "qwen3", library: true } as const;
  const signal = new AbortController().signal;
  it("puts shipped cards, documents' cards and insights together, the task's own first, at most 200", async () => {
    writeFileSync(join(folder, "a.json"), JSON.stringify(Array.from({ length: 150 }, (_, index) => card(`plain-${index}`)).concat(card("fits", { tags: ["extraction", "json-fields"] }))));
    const shelf = createCardShelf({ home: folder, cardsDirectory: folder });
    const knowledge = createKnowledge({ shelf, library: { documentCards: async () => ok(Array.from({ length: 300 }, (_, index) => card(`doc-${index}`, { kind: "document" }))) } });
    expect(await knowledge.keep([insight("taught", { provenance: { runId: "r", nodeId: "n", architecture: "qwen3", metric: "json-fields", date: "2026-01-01" } })])).toEqual(ok(undefined));
    const cards = await knowledge.cardsFor(request, signal);
    if (!cards.ok) throw new Error(cards.error.message);
    expect(cards.value).toHaveLength(200);
    expect(cards.value.slice(0, 2).map(({ id }) => id).sort()).toEqual(["fits", "taught"]);
    expect(cards.value.filter(({ kind }) => kind === "document").length).toBeLessThanOrEqual(60);
    const without = await knowledge.cardsFor({ ...request, library: false }, signal);
    expect(without.ok && without.value.every(({ kind }) => kind === "built-in")).toBe(true);
  });
  it("does without a library that cannot be read", async () => {
    writeFileSync(join(folder, "a.json"), JSON.stringify([card("one")]));
    const knowledge = createKnowledge({ shelf: createCardShelf({ home: folder, cardsDirectory: folder }), library: { documentCards: async () => ({ ok: false, error: { class: "ENV", code: "x", message: "m", hint: "" } }) } });
    const cards = await knowledge.cardsFor(request, signal);
    expect(cards.ok && cards.value.map(({ id }) => id)).toEqual(["one"]);
  });
});

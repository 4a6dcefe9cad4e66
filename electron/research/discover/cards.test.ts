import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { cardSchema, moveIds, numericFields, type Card } from "../../contract/index.js";

const folder = new URL("../../../resources/cards/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const arrays = files.map((name) => ({ name, value: JSON.parse(readFileSync(new URL(name, folder), "utf8")) as unknown }));
const cards: Card[] = arrays.flatMap(({ value }) => z.array(cardSchema.strict()).parse(value));
const effects = cards.flatMap((card) => card.effects.map((effect) => ({ id: card.id, effect })));

const repeated = (values: readonly string[]): string[] => values.filter((value, index) => values.indexOf(value) !== index);
const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

describe("built-in knowledge cards", () => {
  it("are at least 80, all valid, without unknown fields", () => {
    for (const { name, value } of arrays) {
      const parsed = z.array(cardSchema.strict()).safeParse(value);
      expect(parsed.error?.issues ?? [], name).toEqual([]);
    }
    expect(cards.length).toBeGreaterThanOrEqual(80);
  });

  it("have unique ids, titles and claims", () => {
    expect(repeated(cards.map((card) => card.id))).toEqual([]);
    expect(repeated(cards.map((card) => plain(card.title)))).toEqual([]);
    expect(repeated(cards.map((card) => plain(card.claim)))).toEqual([]);
  });

  it("are built-in, tagged, and say where they come from", () => {
    for (const card of cards) {
      expect(card.kind, card.id).toBe("built-in");
      expect(card.provenance, card.id).toBeNull();
      expect(card.tags.length, card.id).toBeGreaterThan(0);
      for (const source of card.sources) {
        expect(source.title.trim(), card.id).not.toBe("");
        expect(source.reference.trim(), card.id).not.toBe("");
        if (source.reference.startsWith("arXiv:")) {
          const submitted = /^arXiv:(\d{2})(\d{2})\.\d{4,5}$/.exec(source.reference);
          expect(submitted, `${card.id}: ${source.reference}`).not.toBeNull();
          const year = 2000 + Number(submitted?.[1]);
          // The number of an arXiv paper says its year; a later year is that of a journal or proceedings.
          expect(source.year, card.id).toBeGreaterThanOrEqual(year);
          expect(source.year, card.id).toBeLessThanOrEqual(year + 1);
        }
        if (/^https?:/.test(source.reference)) expect(new URL(source.reference).protocol, card.id).toBe("https:");
      }
    }
  });

  it("name disagreements where there are any", () => {
    expect(cards.filter((card) => card.disagreements.length > 0).length).toBeGreaterThanOrEqual(10);
    expect(new Set(cards.map((card) => card.confidence)).size).toBe(4);
  });

  it("touch every move and every number", () => {
    const moves = new Set<string>(effects.flatMap(({ effect }) => (effect.kind === "move" ? [effect.move] : [])));
    const fields = new Set<string>(effects.flatMap(({ effect }) => (effect.kind === "number" ? [effect.field] : [])));
    expect(moveIds.filter((move) => !moves.has(move))).toEqual([]);
    expect(Object.keys(numericFields).filter((field) => !fields.has(field))).toEqual([]);
  });

  it("stay inside the bounds of the numbers and never claim more than a soft prior may", () => {
    for (const { id, effect } of effects) {
      if (effect.kind === "number") {
        const bounds = numericFields[effect.field];
        expect(effect.centre, `${id} ${effect.field}`).toBeGreaterThanOrEqual(bounds.minimum);
        expect(effect.centre, `${id} ${effect.field}`).toBeLessThanOrEqual(bounds.maximum);
        expect(effect.spread, `${id} ${effect.field}`).toBeGreaterThanOrEqual(0.1);
      } else {
        expect(Math.abs(effect.gain), `${id} ${effect.move}`).toBeLessThanOrEqual(0.05);
        expect(effect.spread, `${id} ${effect.move}`).toBeGreaterThanOrEqual(0.015);
        expect(effect.spread, `${id} ${effect.move}`).toBeGreaterThan(Math.abs(effect.gain) * 0.9);
      }
    }
  });

  it("are balanced: no move is praised by every card, and no card speaks twice to the same thing", () => {
    for (const card of cards) expect(repeated(card.effects.map((effect) => `${effect.kind} ${effect.kind === "move" ? effect.move : effect.field} ${effect.when}`)), card.id).toEqual([]);
    const moves = effects.flatMap(({ effect }) => (effect.kind === "move" ? [effect] : []));
    const mean = moves.reduce((sum, effect) => sum + effect.gain, 0) / moves.length;
    expect(Math.abs(mean)).toBeLessThan(0.012);
    expect(moves.filter((effect) => effect.gain <= 0).length).toBeGreaterThan(moves.length / 5);
  });

  it("say nothing of machines, registries or where the text was written", () => {
    const text = JSON.stringify(cards);
    expect(text).not.toMatch(/\/(?:home|tmp|root|work)\//);
    expect(text).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/);
  });
});

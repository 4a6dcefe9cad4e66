import { describe, expect, it } from "vitest";
import type { RowFacts } from "./import-rows.js";
import { fewestPrompts, planSplits } from "./splits.js";

const row = (group: string, answer = "a", prompt = group): RowFacts => ({ id: `${prompt}/${answer}`, prompt, group, answer, characters: 10 });
const many = (count: number) => Array.from({ length: count }, (_, index) => row(`q${index}`));
const sizes = { devSearch: 20, devSelect: 20, vault: 40 };

describe("planSplits", () => {
  it("gives every question to one split and keeps the asked sizes", async () => {
    const rows = many(400).flatMap((entry) => [entry, entry]);
    const plan = await planSplits(rows, 1, sizes);
    if (!plan.ok) throw new Error(plan.error.message);
    expect(plan.value.sizes).toEqual({ train: 640, "dev-search": 20, "dev-select": 20, vault: 40 });
    const held = new Set(Object.values(plan.value.order).flat().map((index) => rows[index]!.group));
    expect(held.size).toBe(80);
    expect(rows.filter((entry, index) => held.has(entry.group) && plan.value.places[index] === "train")).toEqual([]);
  });

  it("does not depend on the order in the file, but on the seed", async () => {
    const rows = many(300);
    const groupsOf = async (list: readonly RowFacts[], seed: number) => {
      const plan = await planSplits(list, seed, sizes);
      return plan.ok ? plan.value.order.vault.map((index) => list[index]!.group) : [];
    };
    expect(await groupsOf(rows.toReversed(), 5)).toEqual(await groupsOf(rows, 5));
    expect(await groupsOf(rows, 6)).not.toEqual(await groupsOf(rows, 5));
  });

  it("never measures on questions with two answers", async () => {
    const rows = [...many(200), ...many(200).map(({ group }, index) => row(group, index < 50 ? "b" : "a"))];
    const plan = await planSplits(rows, 2, sizes);
    if (!plan.ok) throw new Error(plan.error.message);
    const disputed = new Set(Array.from({ length: 50 }, (_, index) => `q${index}`));
    expect(Object.values(plan.value.order).flat().filter((index) => disputed.has(rows[index]!.group))).toEqual([]);
  });

  it("clips splits of small data to 15 % each, and says so", async () => {
    const plan = await planSplits(many(100), 1, { devSearch: 10, devSelect: 200, vault: 400 });
    if (!plan.ok) throw new Error(plan.error.message);
    expect(plan.value.sizes).toEqual({ train: 60, "dev-search": 10, "dev-select": 15, vault: 15 });
    expect(plan.value.warnings).toHaveLength(2);
    expect(plan.value.warnings[0]).toContain("15 items instead of 200");
  });

  it("refuses too little data and says how much is needed", async () => {
    const plan = await planSplits(many(fewestPrompts - 1), 1, sizes);
    expect(plan).toMatchObject({ ok: false, error: { class: "DATA", code: "data.too_few" } });
    expect(plan.ok ? "" : plan.error.message).toContain(String(fewestPrompts));
  });
});

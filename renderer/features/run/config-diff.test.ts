import { describe, expect, it } from "vitest";
import type { Recipe } from "../../contract.js";
import { diffRecipes } from "./config-diff.js";

const training = { learningRate: 0.0003, rank: 16, alpha: 32, targets: "all", epochs: 2, schedule: "cosine", warmupFraction: 0.05, weightDecay: 0, dropout: 0, tokensPerStep: 2048, maxSequenceTokens: 256, ranks: {}, warmStartFrom: null } as const;
const recipe = (over: Partial<Recipe> = {}): Recipe => ({ data: [], prompt: { system: null, fewShot: 0, shotSelection: "fixed" }, training, seed: 1, ...over });
const changed = (before: Recipe | null, after: Recipe, numbers = {}): object[] => diffRecipes(before, after, numbers).filter((row) => row.change !== "same").map(({ key, change, by }) => ({ key, change, by }));

describe("the difference between two recipes", () => {
  it("names a changed number and who set it", () => {
    const rows = diffRecipes(recipe(), recipe({ training: { ...training, learningRate: 0.001 } }), { learningRate: { value: 0.001, by: "optimiser" } });
    expect(rows.find((row) => row.key === "learningRate")).toMatchObject({ before: "3e\u22124", after: "0.001", change: "changed", by: "optimiser" });
    expect(rows.filter((row) => row.change !== "same")).toHaveLength(1);
  });
  it("shows every training setting as added where the parent is not trained", () => {
    const rows = changed(recipe({ training: null }), recipe());
    expect(rows).toHaveLength(13);
    expect(rows.every((row) => "change" in row && row.change === "added")).toBe(true);
  });
  it("shows them as removed the other way round", () => {
    expect(changed(recipe(), recipe({ training: null }))).toContainEqual({ key: "rank", change: "removed", by: null });
  });
  it("sees changes in data operators, prompt and seed", () => {
    const rows = changed(recipe(), recipe({ data: [{ operator: "deduplicate" }, { operator: "sample", fraction: 0.5 }], prompt: { system: "Answer in JSON.", fewShot: 2, shotSelection: "similar" }, seed: 2 }));
    expect(rows.map((row) => "key" in row && row.key)).toEqual(["data", "system", "fewShot", "shotSelection", "seed"]);
  });
  it("says where rank was moved to, by kind of tensor", () => {
    const rows = diffRecipes(recipe(), recipe({ training: { ...training, ranks: { "blk.0.attn_q": 4, "blk.1.attn_q": 24, "blk.0.ffn_down": 8 } } }), {});
    expect(rows.find((row) => row.key === "ranks")).toMatchObject({ before: "the same everywhere", after: "3 tensors: attn_q 4 to 24, ffn_down 8", change: "changed" });
  });
  it("has nothing to compare without a parent", () => {
    expect(changed(null, recipe())).toEqual([]);
    expect(diffRecipes(null, recipe(), {}).length).toBeGreaterThan(10);
  });
});

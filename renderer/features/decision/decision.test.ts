import { describe, expect, it } from "vitest";
import { makeNode, makeView } from "../../testing/make-node.js";
import { evidenceWords, readEvidence } from "./evidence.js";
import { spectrumMap } from "./spectra.js";

describe("evidence", () => {
  const view = makeView({ nodes: [makeNode({ id: "n3" })], cards: ["lora-rank"], steering: { pinned: [], pruned: [], hints: [{ id: "s1", text: "Dates come first" }], branches: [] } });
  const cardTitles = new Map([["seed-noise", "Seeds differ by a point"]]);
  it.each([
    ["rule", "rule", "a rule of the app"],
    ["n3", "node", "n3"],
    ["diagnosis:n3", "diagnosis", "what went wrong in “n3”"],
    ["diagnosis:n9", "unknown", "diagnosis:n9"],
    ["hint:s1", "hint", "your hint “Dates come first”"],
    ["hint:s9", "hint", "your hint “s9 (removed since)”"],
    ["seed-noise", "card", "Seeds differ by a point"],
    ["lora-rank", "card", "lora-rank"],
    ["gone", "unknown", "gone"],
  ])("%s is a %s: %s", (id, kind, words) => {
    const evidence = readEvidence(id, { view, cardTitles });
    expect(evidence.kind).toBe(kind);
    expect(evidenceWords(evidence)).toBe(words);
  });
});

describe("the use of rank", () => {
  it("is a map of kinds and layers, with the extremes named", () => {
    const map = spectrumMap([
      { tensor: "blk.1.attn_q", rank: 16, effectiveRank: 8 }, { tensor: "blk.0.attn_q", rank: 16, effectiveRank: 12 },
      { tensor: "blk.0.ffn_down", rank: 8, effectiveRank: 1 }, { tensor: "output", rank: 4, effectiveRank: 9 },
    ])!;
    expect(map.rows.map((row) => [row.kind, row.meanShare])).toEqual([["output", 1], ["attn_q", 0.625], ["ffn_down", 0.125]]);
    expect(map.layers).toEqual([0, 1]);
    expect([map.most.tensor, map.least.tensor]).toEqual(["output", "blk.0.ffn_down"]);
    expect(map.meanShare).toBeCloseTo((0.5 + 0.75 + 0.125 + 1) / 4);
  });
  it("is nothing without a measurement, and never a division by zero", () => {
    expect(spectrumMap([])).toBeNull();
    expect(spectrumMap([{ tensor: "blk.0.x", rank: 0, effectiveRank: 0 }])?.meanShare).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { numericFields, recipeChangeSchema, type NumericField } from "../../contract.js";
import { makeNode } from "../../testing/make-node.js";
import { branchFields, changeWords, readChange } from "./branch-fields.js";
import { endsRunning } from "./ends-running.js";

const training = { learningRate: 0.0003, rank: 16, alpha: 32, targets: "all", epochs: 2, schedule: "cosine", warmupFraction: 0.05, weightDecay: 0, dropout: 0, tokensPerStep: 2048, maxSequenceTokens: 256, ranks: {}, warmStartFrom: null } as const;
const prompt = { system: null, fewShot: 2, shotSelection: "fixed" } as const;
const trained = branchFields({ data: [], prompt, training, seed: 1 });
const fieldOf = (name: string): (typeof trained)[number] => trained.find((field) => field.name === name)!;

describe("branching with one changed field", () => {
  it("offers an untrained experiment its prompt only", () => {
    expect(branchFields({ data: [], prompt, training: null, seed: 1 }).map((field) => field.name)).toEqual(["fewShot", "system"]);
  });
  it("offers every field of the contract, and takes each one's bounds but nothing beyond them", () => {
    expect(trained.map((field) => field.name)).toEqual([...Object.keys(numericFields), "targets", "schedule", "fewShot", "system"]);
    for (const name of Object.keys(numericFields) as NumericField[]) {
      const { minimum, maximum } = numericFields[name];
      for (const bound of [minimum, maximum]) if (String(bound) !== fieldOf(name).now) expect(readChange(fieldOf(name), String(bound)), `${name} ${bound}`).toEqual({ ok: true, change: { field: name, value: bound } });
      expect(readChange(fieldOf(name), String(maximum * 2)).ok, `${name} above`).toBe(false);
      expect(readChange(fieldOf(name), "").ok).toBe(false);
    }
  });
  it("refuses the value it has already, words for numbers, and half a rank", () => {
    for (const [name, typed] of [["rank", "16"], ["rank", "16.5"], ["rank", "many"], ["targets", "all"], ["fewShot", "17"], ["system", ""], ["system", "x".repeat(4001)]] as const) {
      const read = readChange(fieldOf(name), typed);
      expect(read.ok, `${name} ${typed}`).toBe(false);
      expect(!read.ok && read.sentence.endsWith(".")).toBe(true);
    }
  });
  it("makes what the contract takes, and says it in one line", () => {
    const read = (name: string, typed: string): string => {
      const draft = readChange(fieldOf(name), typed);
      if (!draft.ok) throw new Error(draft.sentence);
      return changeWords(recipeChangeSchema.parse(draft.change));
    };
    expect(read("learningRate", "1e-3")).toBe("Learning rate 0.001");
    expect(read("targets", "mlp")).toBe("Adapted layers: mlp layers");
    expect(read("fewShot", "1")).toBe("1 worked example");
    expect(read("system", "Answer in JSON.")).toBe("Another system prompt");
  });
});

describe("pruning", () => {
  const nodes = [makeNode({ id: "a" }), makeNode({ id: "b", parent: "a" }), makeNode({ id: "c", parent: "b", status: "running" }), makeNode({ id: "d", parent: "a" })];
  it.each([["a", ["c"]], ["b", ["c"]], ["c", ["c"]], ["d", []]])("%s would end %j", (nodeId, ended) => {
    expect(endsRunning(nodes, nodeId).map((node) => node.id)).toEqual(ended);
  });
});

import { describe, expect, it } from "vitest";
import { ranksWords } from "./ranks-words.js";
import { rungWords } from "./rung-words.js";
import { predictionWords, secondaryLabel, secondaryValue } from "./secondary-words.js";

describe("short trials against full scores", () => {
  it.each([[0.92, "well"], [0.7, "well"], [0.55, "roughly"], [0.1, "hardly"], [-0.3, "hardly"]])("%s reads %s", (spearman, word) => {
    const words = rungWords({ spearman, n: 7 });
    expect(words.sentence).toContain(word);
    expect(words.figure).toContain("over 7 experiments");
  });
  it("writes a negative correlation with a minus sign", () => {
    expect(rungWords({ spearman: -0.3, n: 5 }).figure).toBe("Spearman \u22120.30 over 5 experiments");
  });
});

describe("ranks of single tensors", () => {
  it.each([
    [{}, "the same everywhere"],
    [{ "blk.0.attn_q": 4 }, "1 tensor: attn_q 4"],
    [{ "blk.0.ffn_up": 8, "blk.1.attn_q": 24, "blk.0.attn_q": 4 }, "3 tensors: attn_q 4 to 24, ffn_up 8"],
  ])("%j reads %s", (ranks, words) => {
    expect(ranksWords(ranks)).toBe(words);
  });
});

describe("figures beside the score", () => {
  it("have a name and a unit", () => {
    expect([secondaryLabel("exactMatch"), secondaryLabel("json-valid")]).toEqual(["Exact match", "Json valid"]);
    expect([secondaryValue("jsonValid", 0.5), secondaryValue("perplexity", 0.5), secondaryValue("answerTokens", 12)]).toEqual(["50.0\u2009%", "0.5", "12"]);
  });
  it.each([
    [{ figure: "score", change: "up", by: 0.02 }, "Score goes up by at least 2.0\u2009pts against its parent"],
    [{ figure: "validationLoss", change: "down", by: 0.05 }, "Validation loss goes down by at least 0.05 against its parent"],
    [{ figure: "jsonValid", change: "same", by: 0.01 }, "Json valid stays within 1.0\u2009pts of its parent’s"],
    [{ figure: "score", change: "up", by: 0 }, "Score goes up against its parent"],
  ] as const)("are predicted: %j", (prediction, words) => {
    expect(predictionWords(prediction, "rate")).toBe(words);
  });
});

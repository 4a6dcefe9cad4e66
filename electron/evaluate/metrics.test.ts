import { describe, expect, it } from "vitest";
import { exactMatch, jsonFields, judgeChoices } from "./metrics.js";

describe("exactMatch", () => {
  it.each([["yes", " yes\n", 1], ["a  b", "a b", 1], ["Yes", "yes", 0], ["yes", "yes.", 0], ["33", "-33", 0]])("%j against %j", (expected, answer, score) => {
    expect(exactMatch(expected, answer).score).toBe(score);
  });
});

describe("jsonFields", () => {
  it.each([
    ["the same in another order and spacing", '{"a":1,"b":"x"}', ' {"b": "x", "a": 1.0} ', 1, 1],
    ["one of two fields wrong", '{"a":1,"b":"x"}', '{"a":1,"b":"y"}', 0, 1 / 3],
    ["a field too many", '{"a":1}', '{"a":1,"b":2}', 0, 1 / 2],
    ["a field missing", '{"a":1,"b":2}', '{"a":1}', 0, 1 / 2],
    ["a number as text", '{"a":1}', '{"a":"1"}', 0, 0],
    ["not JSON", '{"a":1}', '{"a":1', 0, 0],
    ["JSON with words around it", '{"a":1}', 'Sure: {"a":1}', 0, 0],
    ["nested and lists", '{"a":{"b":[1,2]}}', '{"a":{"b":[1,2]}}', 1, 1],
    ["list order matters", "[1,2]", "[2,1]", 0, 0],
    ["a list is not an object", "[1]", '{"0":1}', 0, 0],
    ["empty list and empty object differ", '{"a":[]}', '{"a":{}}', 0, 0],
    ["null is a value", '{"a":null}', "{}", 0, 0],
    ["keys with slashes", '{"a/b":1}', '{"a":{"b":1}}', 0, 0],
  ])("%s", (_, expected, answer, score, fieldAccuracy) => {
    const judged = jsonFields(expected, answer);
    expect(judged.score).toBe(score);
    expect(judged.figures.fieldAccuracy).toBeCloseTo(fieldAccuracy, 12);
  });

  it("survives nesting without end", () => {
    const deep = "[".repeat(5000) + "]".repeat(5000);
    expect(jsonFields('{"a":1}', deep)).toMatchObject({ score: 0, figures: { jsonValid: 1 } });
  });
});

describe("judgeChoices", () => {
  it("takes the likeliest, the first of equals; acc_norm divides by characters, acc_bytes by bytes", () => {
    expect(judgeChoices([-2, -1, -1], ["a", "b", "c"], 1)).toEqual({ chosen: 1, judged: { score: 1, figures: { accNorm: 1, accBytes: 1 } } });
    expect(judgeChoices([-2, -3], ["a", "bbbb"], 1).judged).toEqual({ score: 0, figures: { accNorm: 1, accBytes: 1 } });
    // Four characters, eight bytes: -3/4 loses to -0.7 by characters, -3/8 wins by bytes.
    expect(judgeChoices([-0.7, -3], ["a", "éééé"], 1).judged).toEqual({ score: 0, figures: { accNorm: 0, accBytes: 1 } });
  });
});

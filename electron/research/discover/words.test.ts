import { describe, expect, it } from "vitest";
import { contentWords, relevanceOf, searchWords } from "./words.js";

describe("relevance", () => {
  const goal = "Turn spoken kitchen commands into JSON";
  const training = ["boil the potatoes for ten minutes", '{"action":"boil","minutes":10}'];

  it("is one for the same rows, zero for strangers, and in between by likeness", () => {
    expect(relevanceOf("boil potatoes", training, [...training, "boil potatoes"])).toBeGreaterThan(0.9);
    expect(relevanceOf(goal, training, ["astronomy lectures on distant galaxies"])).toBe(0);
    const near = relevanceOf(goal, training, ["simmer the potatoes for five minutes", '{"action":"simmer","minutes":5}']);
    const far = relevanceOf(goal, training, ["kitchen furniture prices"]);
    expect(near).toBeGreaterThan(far);
    expect(far).toBeGreaterThan(0);
  });

  it("goes by the goal alone where there are no rows, and is zero where there is nothing", () => {
    expect(relevanceOf(goal, null, ["spoken kitchen commands as json, turn by turn"])).toBe(1);
    expect(relevanceOf("", null, ["anything"])).toBe(0);
    expect(relevanceOf("", [], [])).toBe(0);
  });

  it("does not count words that stand everywhere, and knows words without blanks between them", () => {
    expect(contentWords("The answer to the question is in the data set")).toEqual(["set"]);
    expect(contentWords("厨房 Küche Ὀδύσσεια")).toEqual(["厨房", "küche", "ὀδύσσεια"]);
  });

  it("is bounded on endless text", () => {
    expect(contentWords("word ".repeat(1_000_000)).length).toBeLessThanOrEqual(20_000);
  });

  it("searches for the rarest words", () => {
    expect(searchWords(goal, 2)).toEqual(["commands", "kitchen"]);
    expect(searchWords("a of to", 2)).toEqual([]);
  });
});

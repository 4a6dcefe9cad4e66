import { describe, expect, it } from "vitest";
import { isLooping } from "./degenerate.js";

describe("isLooping", () => {
  const start = [1, 2, 3, 4, 5, 6];
  it.each([
    ["one token for ever", Array<number>(40).fill(7), true],
    ["a phrase for ever after a start", [...start, ...Array.from({ length: 10 }, () => [8, 9, 10]).flat()], true],
    ["no repetition", Array.from({ length: 60 }, (_, index) => index * 7), false],
    ["a phrase said three times in a long answer", [...Array.from({ length: 60 }, (_, index) => index), ...Array.from({ length: 3 }, () => [8, 9, 10, 11, 12, 13]).flat()], false],
    ["a short answer", [5, 5, 5, 5], false],
    ["nothing", [], false],
  ])("%s", (_, tokens, expected) => {
    expect(isLooping(tokens)).toBe(expected);
  });
});

import { describe, expect, it } from "vitest";
import { numbersIn } from "./numbers.js";

const values = (text: string): number[] => numbersIn(text).map(({ value }) => value);

describe("numbersIn", () => {
  it.each<[string, number[]]>([
    ["2e-4", [2e-4]], ["2E−4", [2e-4]], ["2 × 10^-4", [2e-4]], ["2x10^-4", [2e-4]], ["3·10−5", [3e-5]], ["10^-4", [1e-4]], ["10^{-3}", [1e-3]], ["0.0002", [2e-4]], [".05", [0.05]],
    ["52k rows", [52_000]], ["52,002 rows", [52_002]], ["1.5M tokens", [1.5e6]], ["ten thousand", [10]], ["3 thousand", [3000]], ["5 %", [0.05]], ["5%", [0.05]], ["three epochs", [3]],
    ["ranks 8, 16 and 32.", [8, 16, 32]], ["from 1e-5 to 1e-3", [1e-5, 1e-3]], ["r=16,", [16]], ["(lr=2e-4)", [2e-4]],
  ])("reads %s", (text, expected) => { expect(values(text)).toEqual(expected); });

  it.each(["GPT-4", "Llama3", "7B", "v2.0.1", "[12]", "3rd", "layer_7", "A100-80GB", "2-bit", "someone"])("takes no number from %s", (text) => { expect(values(text)).toEqual([]); });

  it("is the literal's own value, to the last bit", () => {
    expect(values("2 × 10^-4")[0]).toBe(2e-4);
    expect(values("5%")[0]).toBe(0.05);
  });
});

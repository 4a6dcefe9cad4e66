import { describe, expect, it } from "vitest";
import { readNumber } from "./read-number.js";

describe("a number in the settings", () => {
  it.each([["threads", "8", 8], ["threads", "0", 0], ["tariffPerKilowattHour", "0,32", 0.32], ["tariffPerKilowattHour", " 0.3 ", 0.3]] as const)("%s takes %s", (name, text, value) => {
    expect(readNumber(name, text, false)).toEqual({ ok: true, value });
  });
  it.each([["threads", "1.5"], ["threads", "-1"], ["threads", "all"], ["tariffPerKilowattHour", "0"], ["tariffPerKilowattHour", "cheap"]] as const)("%s refuses %s with a sentence", (name, text) => {
    expect(readNumber(name, text, true)).toMatchObject({ ok: false, sentence: expect.stringMatching(/\.$/) as string });
  });
  it("is nothing where it may be left empty, and a mistake where it may not", () => {
    expect(readNumber("tariffPerKilowattHour", " ", true)).toEqual({ ok: true, value: null });
    expect(readNumber("threads", "", false).ok).toBe(false);
  });
});

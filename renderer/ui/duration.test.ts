import { describe, expect, it } from "vitest";
import { durationSeconds, durationText } from "./duration.js";

describe("durations", () => {
  it.each([["90s", 90], ["10m", 600], ["2h", 7200], ["1.5 h", 5400], ["45", 45], ["soon", null], ["", null], ["-5m", null]])("%s is %s s", (text, seconds) => {
    expect(durationSeconds(text)).toBe(seconds);
  });
  it.each([[7200, "2h"], [5400, "90m"], [45, "45s"], [90, "90s"], [347.26, "347.3s"]])("%s s is written %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
    expect(durationSeconds(text)).toBeCloseTo(seconds, 1);
  });
});

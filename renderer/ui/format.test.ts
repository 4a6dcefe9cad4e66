import { describe, expect, it } from "vitest";
import { energyPrice, formatBytes, formatEnergy, formatExact, formatGain, formatGainInterval, formatInterval, formatNumber, formatPValue, formatScore, formatSeconds } from "./format.js";

const plain = (text: string): string => text.replaceAll("\u2009", " ").replaceAll("\u2212", "-");

describe("scores", () => {
  it("shows rates as percentages and log-likelihoods as numbers", () => {
    expect(plain(formatScore(0.7246, "rate"))).toBe("72.5 %");
    expect(plain(formatScore(-2.3456, "number"))).toBe("-2.35");
    expect(formatScore(null, "rate")).toBe("\u2013");
  });
  it("signs gains, in points, and never signs a zero", () => {
    expect(plain(formatGain(0.123, "rate"))).toBe("+12.3 pts");
    expect(plain(formatGain(-0.05, "rate"))).toBe("-5.0 pts");
    expect(plain(formatGain(0.0001, "rate"))).toBe("0.0 pts");
    expect(plain(formatGain(-0.0001, "rate"))).toBe("0.0 pts");
    expect(plain(formatGainInterval([-0.02, 0.2], "rate"))).toBe("-2.0 to +20.0 pts");
  });
  it("shows intervals in the score's own unit", () => {
    expect(plain(formatInterval([0.1, 0.25], "rate"))).toBe("10.0 to 25.0 %");
    expect(plain(formatInterval([-2.5, -2.125], "number"))).toBe("-2.5 to -2.13");
  });
  it("bounds very small p-values", () => {
    expect(formatPValue(1e-9)).toBe("p < 0.001");
    expect(formatPValue(0.0421)).toBe("p = 0.042");
  });
});

describe("numbers", () => {
  it.each([[0.9739, "0.9739"], [0.97664321, "0.97664321"], [15_011, "15,011"], [-0.0769, "-0.0769"], [0.00002, "2e-5"], [0, "0"]])("%s of somebody else keeps its digits: %s", (value, text) => {
    expect(plain(formatExact(value))).toBe(text);
  });
  it.each([[0, "0"], [12345, "12,345"], [0.0003, "3e-4"], [0.0011, "0.0011"], [0.08, "0.08"], [2.345, "2.35"], [-0.5, "-0.5"], [1.25e7, "1.25e7"], [Number.NaN, "\u2013"]])("%s is %s", (value, text) => {
    expect(plain(formatNumber(value))).toBe(text);
  });
});

describe("time, size and energy", () => {
  it.each([[0, "0 s"], [3.14, "3.1 s"], [59.4, "59 s"], [60, "1 min"], [61, "1 min 1 s"], [3600, "1 h"], [5405, "1 h 30 min"], [-1, "\u2013"]])("%s s is %s", (seconds, text) => {
    expect(plain(formatSeconds(seconds))).toBe(text);
  });
  it.each([[0, "0 B"], [1023, "1023 B"], [1024, "1.0 KiB"], [8 * 2 ** 30, "8.0 GiB"], [412 * 2 ** 30, "412 GiB"]])("%s bytes are %s", (bytes, text) => {
    expect(plain(formatBytes(bytes))).toBe(text);
  });
  it("says when energy was not measured, and prices only what was", () => {
    expect(formatEnergy(null)).toBe("not measured");
    expect(plain(formatEnergy(7200))).toBe("2 Wh");
    expect(plain(formatEnergy(90))).toBe("90 J");
    expect(energyPrice({ energyJoules: 3.6e6 }, 0.3)).toBeCloseTo(0.3);
    expect(energyPrice({ energyJoules: null }, 0.3)).toBeNull();
    expect(energyPrice({ energyJoules: 3.6e6 }, null)).toBeNull();
  });
});

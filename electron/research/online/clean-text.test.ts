import { describe, expect, it } from "vitest";
import { cleanCount, cleanIdentifier, cleanText, cleanYear } from "./clean-text.js";

const looksLikeMarkup = /<[a-z!/?]/iu;

describe("cleanText", () => {
  it("keeps ordinary text as it is, mathematics included", () => {
    expect(cleanText("Rates of 10⁻⁴ & p < 0.05, x>y", 100)).toBe("Rates of 10^-4 & p < 0.05, x>y");
    expect(cleanText("  two\n  lines\t here ", 100)).toBe("two lines here");
  });

  it.each([
    ["<p>One <b>two</b></p>", "One two"],
    ["a<script>steal()</script>b<style>x{}</style>", "ab"],
    ["&lt;img src=x onerror=alert(1)&gt;after", "after"],
    ["&amp;lt;b&amp;gt;deep&amp;lt;/b&amp;gt;", "deep"],
    ["<svg><text>no</text></svg>yes", "yes"],
    ["<!-- hidden -->seen<?php echo ?>", "seen"],
  ])("takes markup out of %s", (text, clean) => {
    expect(cleanText(text, 100)).toBe(clean);
  });

  it("lets no tag through, however often it was escaped", () => {
    let text = "<script>alert(1)</script>";
    for (let level = 0; level < 8; level += 1) {
      expect(cleanText(text, 500)).not.toMatch(looksLikeMarkup);
      text = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    }
    expect(cleanText("<".repeat(50) + "script>x", 500)).not.toMatch(looksLikeMarkup);
  });

  it("takes out what a person does not see", () => {
    expect(cleanText("ra\u200bnk\u202e \u{E0041}\u{E0042}end\u0007", 100)).toBe("rank end");
  });

  it("is bounded, and quick on what was made to be slow", () => {
    expect(Array.from(cleanText("x".repeat(5000), 300)).length).toBe(300);
    expect(cleanText("<div>".repeat(200_000) + "x", 100)).toBe("");
    expect(cleanText(`<div>${"<b>".repeat(3000)}deep`, 100)).toBe("deep");
    expect(cleanText("&lt;".repeat(300_000), 50)).not.toMatch(looksLikeMarkup);
  });
});

describe("numbers and names", () => {
  it("takes only what they can be", () => {
    expect([3, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", null, 2 ** 60].map(cleanCount)).toEqual([3, 0, null, null, null, null, null, null, null]);
    expect(["2031-01-03T00:00:00Z", 1999, "soon", 1066, null, "20310-01-01"].map(cleanYear)).toEqual([2031, 1999, null, null, null, null]);
    expect([cleanIdentifier("mit", 10), cleanIdentifier("x".repeat(11), 10), cleanIdentifier(7, 10), cleanIdentifier("<b></b>", 10)]).toEqual(["mit", null, null, null]);
  });
});

import { describe, expect, it } from "vitest";
import { createRandom } from "../../stats/index.js";
import { fitSections, type Section } from "./sections.js";

describe("fitSections", () => {
  it("never exceeds its length, keeps order, and takes the least important lines first", () => {
    const random = createRandom(2);
    for (let round = 0; round < 300; round += 1) {
      const sections = Array.from({ length: 6 }, (_, index): Section => ({ title: `Title ${index}`, rank: index, lines: Array.from({ length: Math.floor(random() * 8) }, (_unused, line) => `${index}.${line} ${"x".repeat(Math.floor(random() * 80))}`) }));
      const most = Math.floor(random() * 1_500);
      const text = fitSections(sections, most);
      if (text === null) {
        expect((sections[0]?.lines[0]?.length ?? 0) + 12).toBeGreaterThan(most);
        continue;
      }
      expect(text.length).toBeLessThanOrEqual(most);
      const kept = sections.map((section) => section.lines.filter((line) => text.includes(line)).length);
      // A section loses lines only once every section of a higher rank has lost all of its.
      const cut = kept.findIndex((count, index) => count < (sections[index]?.lines.length ?? 0));
      if (cut > 0) for (let later = cut + 1; later < kept.length; later += 1) expect(kept[later]).toBe(0);
      expect(text.split("\n").filter((line) => line.startsWith("Title")).map((line) => Number(line.slice(6, -1)))).toEqual(kept.flatMap((count, index) => (count > 0 ? [index] : [])));
    }
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { drawConstants, familyFieldNames, familyFields, parseScenario, type FamilyField } from "../index.js";

const minimal = { version: 1, name: "mine", families: [{ name: "one" }] };
const problemOf = (value: unknown): string => {
  const parsed = parseScenario(value);
  return parsed.ok ? "" : parsed.problem;
};

describe("scenario files", () => {
  it("need a version, a name and a family; the rest has standards", () => {
    const parsed = parseScenario(minimal);
    expect(parsed).toMatchObject({ ok: true, scenario: { budgetSeconds: 3600, seeds: 200, items: { devSearch: 200 }, agentSeconds: { house: 0.05 } } });
  });

  it("that ship are valid and hold at least eight families", () => {
    for (const name of ["built-in", "example"]) {
      const parsed = parseScenario(parse(readFileSync(`resources/scenarios/${name}.yaml`, "utf8")));
      expect(parsed).toMatchObject({ ok: true });
      if (parsed.ok && name === "built-in") expect(parsed.scenario.families.length).toBeGreaterThanOrEqual(8);
    }
  });

  it.each([
    [{ ...minimal, version: 2 }, /^version: /],
    [{ ...minimal, familys: [] }, /"familys"/],
    [{ ...minimal, families: [] }, /^families: /],
    [{ ...minimal, families: [{ name: "Has Blanks" }] }, /^families\.Has Blanks\.name: .*lower-case/],
    [{ ...minimal, families: [{ name: "one" }, { name: "one" }] }, /another family "one"/],
    [{ ...minimal, families: [{ name: "one", constants: { rows: [400, 100] } }] }, /^families\.one\.constants\.rows: /],
    [{ ...minimal, families: [{ name: "one", constants: { rows: "many" } }] }, /^families\.one\.constants\.rows: must be a number or \[low, high\] within 20 and 1000000/],
    [{ ...minimal, families: [{ name: "one", constants: { baseScore: 1.5 } }] }, /^families\.one\.constants\.baseScore: /],
    [{ ...minimal, families: [{ name: "one", constants: { learnRate: 1 } }] }, /^families\.one\.constants: does not know "learnRate"/],
    [{ ...minimal, budgetSeconds: -1 }, /^budgetSeconds: /],
    [{ ...minimal, items: { devSearch: 3 } }, /^items\.devSearch: /],
    [[], /^The scenario: /],
    [null, /^The scenario: /],
  ])("%j is refused with a sentence that names the field", (value, sentence) => {
    expect(problemOf(value)).toMatch(sentence);
    expect(problemOf(value)).toMatch(/\.$/);
  });
});

describe("constants", () => {
  it("have standards within their own bounds", () => {
    for (const name of familyFieldNames) {
      const field: FamilyField = familyFields[name];
      const [low, high] = typeof field.standard === "number" ? [field.standard, field.standard] : field.standard;
      expect(low, name).toBeGreaterThanOrEqual(field.minimum);
      expect(high, name).toBeLessThanOrEqual(field.maximum);
      expect(low, name).toBeLessThanOrEqual(high);
    }
  });

  it("are drawn within their range, anew for each seed, and each from a stream of its own", () => {
    const first = drawConstants({ constants: {} }, 1);
    const narrowed = drawConstants({ constants: { rows: 77, baseScore: [0.9, 0.95] } }, 1);
    for (const name of familyFieldNames) {
      const field: FamilyField = familyFields[name];
      const [low, high] = typeof field.standard === "number" ? [field.standard, field.standard] : field.standard;
      expect(first[name], name).toBeGreaterThanOrEqual(low);
      expect(first[name], name).toBeLessThanOrEqual(high);
      if (name !== "rows" && name !== "baseScore") expect(narrowed[name]).toBe(first[name]);
    }
    expect(narrowed.rows).toBe(77);
    expect(narrowed.baseScore).toBeGreaterThanOrEqual(0.9);
    expect(drawConstants({ constants: {} }, 2)).not.toEqual(first);
    expect(drawConstants({ constants: {} }, 1)).toEqual(first);
  });
});

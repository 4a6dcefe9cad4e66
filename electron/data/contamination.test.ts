import { describe, expect, it } from "vitest";
import type { Example } from "../contract/index.js";
import { ContaminationCheck } from "./contamination.js";

const words = (from: number, count: number) => Array.from({ length: count }, (_, index) => `w${from + index}`).join(" ");
const example = (question: string, system = ""): Example => ({ id: question, sourceRow: 1, messages: [...(system === "" ? [] : [{ role: "system" as const, content: system }]), { role: "user", content: question }, { role: "assistant", content: "ok" }] });

function contaminated(heldOut: readonly Example[], train: readonly Example[]): boolean[] {
  const check = new ContaminationCheck();
  heldOut.forEach((row) => { check.addHeldOut(row); });
  train.forEach((row) => { check.count(row); });
  return train.map((row) => check.isContaminated(row));
}

describe("ContaminationCheck", () => {
  it("finds a shared run of 13 words whatever its case and punctuation, and not one of 12", () => {
    const shared = words(0, 13).toUpperCase().replaceAll(" ", ", ");
    expect(contaminated([example(`before ${words(0, 13)} after`)], [example(`x ${shared} y`), example(`x ${words(0, 12)} y`), example(words(100, 40))])).toEqual([true, false, false]);
  });

  it("takes runs that many rows share for the data's own boilerplate", () => {
    const boilerplate = words(0, 20);
    const train = Array.from({ length: 300 }, (_, index) => example(`${boilerplate} question ${index}`));
    expect(contaminated([example(`${boilerplate} held out`)], train).some(Boolean)).toBe(false);
  });

  it("does not look at system messages", () => {
    expect(contaminated([example("one", words(0, 30))], [example("two", words(0, 30))])).toEqual([false]);
  });
});

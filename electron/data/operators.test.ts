import { describe, expect, it } from "vitest";
import type { DataOperator, Example } from "../contract/index.js";
import { groupKey, idOf, promptKey } from "./identity.js";
import type { KeyedExample } from "./keyed-example.js";
import { applyOperators, kindsOfAnswers } from "./operators.js";

let nextRow = 1;
function example(question: string, answer: string): KeyedExample {
  const messages: Example["messages"] = [{ role: "user", content: question }, { role: "assistant", content: answer }];
  return { example: { id: idOf(messages), messages, sourceRow: nextRow++ }, prompt: promptKey({ messages }), group: groupKey({ messages }), characters: question.length + answer.length };
}
const apply = async (rows: readonly KeyedExample[], ...operators: DataOperator[]) => (await applyOperators(rows, operators, 3)).map(({ example: { messages } }) => messages.map(({ content }) => content).join("="));

describe("operators", () => {
  it("deduplicate keeps the first of equal rows and every different one", async () => {
    expect(await apply([example("a", "1"), example("a", "1"), example("a", "2"), example("b", "1")], { operator: "deduplicate" })).toEqual(["a=1", "a=2", "b=1"]);
  });

  it("drop-conflicts drops all rows of a disputed question and no others", async () => {
    expect(await apply([example("a", "1"), example("b", "1"), example("a", "2"), example("b", "1"), example("a", "1")], { operator: "drop-conflicts" })).toEqual(["b=1", "b=1"]);
  });

  it("drop-long keeps rows up to the percentile's length", async () => {
    const rows = Array.from({ length: 10 }, (_, index) => example("q".repeat(index + 1), "x"));
    expect(await apply(rows, { operator: "drop-long", longestPercentile: 80 })).toHaveLength(8);
    expect(await apply(rows, { operator: "drop-long", longestPercentile: 100 })).toHaveLength(10);
    expect(await apply([], { operator: "drop-long", longestPercentile: 80 })).toEqual([]);
  });

  it("sample draws the asked share, in file order, the same for the same seed", async () => {
    const rows = Array.from({ length: 100 }, (_, index) => example(`q${index}`, "x"));
    const drawn = await applyOperators(rows, [{ operator: "sample", fraction: 0.3 }], 1);
    expect(drawn).toHaveLength(30);
    expect(drawn.map(({ example: { sourceRow } }) => sourceRow)).toEqual(drawn.map(({ example: { sourceRow } }) => sourceRow).toSorted((left, right) => left - right));
    expect(await applyOperators(rows, [{ operator: "sample", fraction: 0.3 }], 1)).toEqual(drawn);
    expect(await applyOperators(rows, [{ operator: "sample", fraction: 0.3 }], 2)).not.toEqual(drawn);
  });

  it("balance-answers evens the kinds out as far as its strength says and keeps the number of rows", async () => {
    const rows = [...Array.from({ length: 90 }, (_, index) => example(`q${index}`, "yes")), ...Array.from({ length: 10 }, (_, index) => example(`r${index}`, "no"))];
    const share = async (strength: number) => {
      const made = await applyOperators(rows, [{ operator: "balance-answers", strength }], 1);
      expect(made).toHaveLength(100);
      return made.filter(({ example: { messages } }) => messages[1]!.content === "no").length;
    };
    expect(await share(0)).toBe(10);
    expect(await share(0.5)).toBe(25);
    expect(await share(1)).toBe(50);
  });

  it("balance-answers repeats no row without end, and takes no rows for what they are", async () => {
    const rows = [...Array.from({ length: 2000 }, (_, index) => example(`q${index}`, index % 2 === 0 ? "yes" : "no")), example("typing error", "yess")];
    for (const strength of [0.5, 1]) {
      const made = await applyOperators(rows, [{ operator: "balance-answers", strength }], 1);
      expect(made.filter(({ example: { messages } }) => messages[1]!.content === "yess")).toHaveLength(10);
      expect(made.length).toBeGreaterThan(rows.length * 0.6);
    }
    expect(await applyOperators([], [{ operator: "balance-answers", strength: 1 }, { operator: "sample", fraction: 0.5 }, { operator: "deduplicate" }, { operator: "drop-conflicts" }], 1)).toEqual([]);
    // Every answer another: each is a kind of its own, and all stay.
    expect(await applyOperators(Array.from({ length: 50 }, (_, index) => example(`q${index}`, `word${index}`)), [{ operator: "balance-answers", strength: 1 }], 1)).toHaveLength(50);
  });

  it("tells kinds of answers by label, by a JSON object's first text field, by first word", () => {
    expect(kindsOfAnswers(["yes", "no", "yes"])).toEqual(["yes", "no", "yes"]);
    expect(kindsOfAnswers(['{"n":1,"action":"light","x":"a"}', '{"action":"none"}', "[1]", "{broken"])).toEqual(["light", "none", "[1]", "{broken"]);
    expect(kindsOfAnswers(["The sea is", "A cat", "The end"])).toEqual(["The", "A", "The"]);
  });
});

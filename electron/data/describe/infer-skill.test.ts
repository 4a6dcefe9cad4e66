import { describe, expect, it } from "vitest";
import type { Example, Skill } from "../../contract/index.js";
import { inferSkill } from "./infer-skill.js";

const rows = (count: number, make: (at: number) => readonly string[]): Example[] => Array.from({ length: count }, (_, at) => ({ id: String(at), sourceRow: at + 1, messages: make(at).map((content, turn) => ({ role: turn % 2 === 0 ? "user" as const : "assistant" as const, content })) }));
const name = (at: number): string => ["Anna", "Boris", "Chen", "Dalia"][at % 4]!;
const prose = (at: number): string => `The ${["harbour", "valley", "river", "forest"][at % 4]!} was quiet at ${at}, and ${name(at)} went on without a word to anybody. `;

describe("inferSkill", () => {
  it.each<[Skill, string, Example[]]>([
    ["extraction", "JSON with copied values", rows(80, (at) => [`${name(at)} lives in town ${at}.`, JSON.stringify({ name: name(at), town: `town ${at}` })])],
    ["extraction", "spans of a text", rows(80, (at) => [`${prose(at)}Order number 77${at} was sent. Which order?`, `order number 77${at}`])],
    ["classification", "labels", rows(80, (at) => [`I wrote to you ${at} times`, at % 3 === 0 ? "complaint" : "praise"])],
    ["code", "functions", rows(80, (at) => [`Write a function number ${at}`, `function f${at}(x) {\n  return x + ${at};\n}`])],
    ["code", "fenced", rows(80, (at) => [`Python for ${at}`, `Here it is, number ${at}:\n\`\`\`python\nprint(${at})\n\`\`\``])],
    ["reasoning", "worked sums", rows(80, (at) => [`If ${at} birds sit on each of 3 trees, how many are there?`, `There are 3 trees with ${at} birds. 3 * ${at} = ${3 * at} birds in all. #### ${3 * at}`])],
    ["rewriting", "corrections", rows(80, (at) => [`Correct this: the dog run over street ${at} and it bark at the postman loudly`, `The dog runs over street ${at} and it barks at the postman loudly.`])],
    ["question-answering", "short facts", rows(80, (at) => [`What is the tallest tower of city ${at}?`, `Tower ${at * 37 % 101} of ${name(at + 1)}`])],
    ["dialogue", "many turns", rows(80, (at) => ["Hello", `Good day number ${at}`, "And now?", `Now we wait for ${name(at)}`])],
    ["language-modelling", "long texts", rows(80, (at) => [`Text ${at}`, prose(at).repeat(9)])],
    ["generation", "stories", rows(80, (at) => [`Tell a story about the number ${at} and two friends`, prose(at * 3).repeat(3)])],
  ])("%s: %s", (skill, _, sample) => {
    const inferred = inferSkill(sample);
    expect(inferred.skill).toBe(skill);
    expect(inferred.reason).toMatch(/^[A-Z0-9].*\.$/);
    for (const { messages } of sample.slice(0, 5)) for (const { content } of messages) expect(inferred.reason).not.toContain(content);
  });

  it("knows choices, and does not fall over nothing", () => {
    expect(inferSkill(rows(10, (at) => [`q${at}`, "a"]).map((row) => ({ ...row, choices: ["a", "b"], answerIndex: 0 }))).skill).toBe("question-answering");
    expect(inferSkill([]).skill).toBe("generation");
  });
});

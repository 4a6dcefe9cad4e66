import { describe, expect, it } from "vitest";
import { LineSplitter, type LineProblem } from "./lines.js";
import { LossCurve, longestCurve } from "./loss-curve.js";

function split(chunks: readonly (string | Buffer)[], limit?: number): { lines: string[]; problems: LineProblem[] } {
  const lines: string[] = [];
  const problems: LineProblem[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), (problem) => problems.push(problem), limit);
  for (const chunk of chunks) splitter.write(Buffer.from(chunk as string));
  splitter.end();
  return { lines, problems };
}

describe("splitting lines", () => {
  it("joins chunks, also inside a character", () => {
    const bytes = Buffer.from('{"a":"ä"}\n{"b":1}\n');
    const chunks = [...bytes].map((byte) => Buffer.from([byte]));
    expect(split(chunks).lines).toEqual(['{"a":"ä"}', '{"b":1}']);
  });

  it("takes a whole last line without a newline, and reports a torn one", () => {
    expect(split(['{"a":1}'])).toEqual({ lines: ['{"a":1}'], problems: [] });
    expect(split(['{"a":1}\n{"b":']).problems).toEqual([{ kind: "torn", text: '{"b":' }]);
  });

  it("drops a line that is too long, and goes on", () => {
    const { lines, problems } = split(["x".repeat(50), "x".repeat(60), '\n{"a":1}\n'], 100);
    expect(lines).toEqual(['{"a":1}']);
    expect(problems).toEqual([{ kind: "too-long", bytes: 110 }]);
  });
});

describe("the loss curve", () => {
  it("keeps a short curve as it is and thins a long one to group means", () => {
    const short = new LossCurve();
    short.addStep(1, 2);
    expect(short.points()).toEqual([{ step: 1, loss: 2 }]);

    const long = new LossCurve();
    for (let step = 1; step <= 1_000; step += 1) long.addStep(step, step);
    long.addValidation(1_000, 0.5);
    const points = long.points();
    expect(points).toHaveLength(longestCurve);
    expect(points[0]).toEqual({ step: 5, loss: 3 });
    expect(points.at(-1)).toEqual({ step: 1_000, loss: 998, validation: 0.5 });
  });
});

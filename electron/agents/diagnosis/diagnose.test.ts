import { describe, expect, it } from "vitest";
import type { LossPoint } from "../../contract/index.js";
import { summary, untrained } from "../../../test/fixtures/agents/planner-context.js";
import { conditionsOf } from "./conditions.js";
import { diagnoseFromNumbers } from "./diagnose.js";
import { kindOfLabel } from "./failure-label.js";
import { describeShape, lossShape, lossShapes, shapeIn } from "./loss-shape.js";
import { predictionHeld } from "./prediction-held.js";

const curve = (value: (x: number) => number, validation?: (x: number) => number): LossPoint[] =>
  Array.from({ length: 40 }, (_, step) => ({ step, loss: value(step / 39), ...(validation !== undefined && step % 10 === 9 ? { validation: validation(step / 39) } : {}) }));

describe("lossShape", () => {
  it("tells the ends of curves apart", () => {
    expect(lossShape(curve((x) => 3 - 2 * x))).toBe("falling");
    expect(lossShape(curve((x) => 0.5 + 2 * Math.exp(-20 * x)))).toBe("flat");
    expect(lossShape(curve((x) => 2 - 1.5 * x, (x) => 1 + (x - 0.4) ** 2))).toBe("overfitting");
    expect(lossShape(curve((x) => (x < 0.5 ? 1 : 2)))).toBe("unstable");
    expect(lossShape([{ step: 0, loss: 1 }, { step: 1, loss: NaN }])).toBe("unstable");
    expect(lossShape([{ step: 0, loss: 1 }])).toBe("unknown");
    expect(lossShape([])).toBe("unknown");
  });

  it("is read back from a diagnosis", () => {
    for (const shape of lossShapes) expect(shapeIn(`Rank: +0.1; ${describeShape(shape)}.`)).toBe(shape);
    expect(shapeIn(null)).toBe("unknown");
  });
});

describe("diagnoseFromNumbers", () => {
  it("says change, noise, curve and the secondary score that moved", () => {
    const line = diagnoseFromNumbers({
      node: summary({ move: "train-longer", secondary: { jsonValid: 0.99, fieldAccuracy: 0.7 } }), parent: summary({ secondary: { jsonValid: 0.8, fieldAccuracy: 0.69 } }), gain: 0.1, noiseFloor: 0.02, loss: curve((x) => 3 - 2 * x),
    });
    expect(line).toBe("Train for more epochs: +0.100 to its parent, a real step up; loss was still falling at the end; jsonValid up 0.19.");
  });

  it("calls a small change noise and a failure a failure", () => {
    const about = { parent: null, noiseFloor: 0.02, loss: [] };
    expect(diagnoseFromNumbers({ ...about, node: summary({ move: "rank" }), gain: -0.01 })).toMatch(/−0\.010.*within noise of 0\.020/);
    expect(diagnoseFromNumbers({ ...about, node: summary({ move: "rank", status: "failed", score: null }), gain: null })).toMatch(/failed before/);
    expect(diagnoseFromNumbers({ ...about, node: summary({ score: null }), gain: null })).toBe("Nothing was measured.");
  });

  it("never exceeds 200 characters", () => {
    const name = "a".repeat(30);
    const line = diagnoseFromNumbers({ node: summary({ move: "targets-all", secondary: { [name]: 0.9 } }), parent: summary({ secondary: { [name]: 0.1 } }), gain: 0.5, noiseFloor: 0.02, loss: curve((x) => 3 - 2 * x) });
    expect(line.length).toBeLessThanOrEqual(200);
  });
});

describe("conditionsOf", () => {
  const about = { parent: summary({ score: 0.5 }), gain: 0, noiseFloor: 0.02 };

  it("says what the curve and the figures show", () => {
    expect(conditionsOf({ ...about, node: summary({ trainLoss: 0.4, validationLoss: 0.41 }), loss: curve((x) => 3 - 2 * x) })).toEqual(["loss-falling"]);
    expect(conditionsOf({ ...about, node: summary({ trainLoss: 0.1, validationLoss: 0.6 }), loss: [] })).toEqual(["overfitting"]);
    expect(conditionsOf({ ...about, node: summary(), loss: curve((x) => (x < 0.5 ? 1 : 2)) })).toEqual(["unstable"]);
    expect(conditionsOf({ ...about, node: summary({ trainLoss: 2.4, validationLoss: 2.5 }), loss: curve((x) => 0.5 + 2 * Math.exp(-20 * x)) })).toEqual(["loss-flat", "underfitting"]);
    expect(conditionsOf({ ...about, gain: 0.2, node: summary({ trainLoss: 2.4, validationLoss: 2.5 }), loss: [] })).toEqual([]);
  });

  it("says nothing of a model that was not trained", () => {
    expect(conditionsOf({ ...about, node: summary({ recipe: untrained, trainLoss: 3 }), loss: [] })).toEqual([]);
  });
});

describe("predictionHeld", () => {
  const node = summary({ score: 0.62, validationLoss: 0.4, secondary: { jsonValid: 0.97 } });
  const parent = summary({ score: 0.58, validationLoss: 0.5, secondary: { jsonValid: 0.9 } });

  it("compares the figure with the parent's, by at least what was said", () => {
    expect(predictionHeld({ figure: "score", change: "up", by: 0.04 }, node, parent)).toBe(true);
    expect(predictionHeld({ figure: "score", change: "up", by: 0.05 }, node, parent)).toBe(false);
    expect(predictionHeld({ figure: "score", change: "same", by: 0.03 }, node, parent)).toBe(false);
    expect(predictionHeld({ figure: "validationLoss", change: "down", by: 0.1 }, node, parent)).toBe(true);
    expect(predictionHeld({ figure: "jsonValid", change: "up", by: 0.03 }, node, parent)).toBe(true);
  });

  it("does not judge what was not measured", () => {
    expect(predictionHeld({ figure: "fieldAccuracy", change: "up", by: 0 }, node, parent)).toBeNull();
    expect(predictionHeld({ figure: "constructor", change: "up", by: 0 }, node, parent)).toBeNull();
    expect(predictionHeld({ figure: "score", change: "up", by: 0 }, node, null)).toBeNull();
  });
});

describe("kindOfLabel", () => {
  it("knows the evaluator's labels and takes the rest for something else", () => {
    expect(["not JSON", "wrong field: city", "empty", "loops or too long", "wrong choice", "right answer with more around it", "wrong answer", "constructor"].map(kindOfLabel)).toEqual(["invalid-json", "wrong-field", "empty", "too-long", "wrong-choice", "near-miss", "other", "other"]);
  });
});

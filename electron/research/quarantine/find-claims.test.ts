import { describe, expect, it } from "vitest";
import { claimsIn } from "./find-claims.js";

const found = (text: string): Record<string, number> => Object.fromEntries(claimsIn({ text, page: 1 }).map(({ field, value }) => [field, value]));

describe("claimsIn", () => {
  it.each<[string, Record<string, number>]>([
    ["We used a learning rate of 2e-4 with rank 16.", { learningRate: 2e-4, rank: 16 }],
    ["All adapters have rank r = 64, alpha = 128 and dropout 0.05.", { rank: 64, alpha: 128, dropout: 0.05 }],
    ["The models were trained for three epochs at a peak learning rate of 2 × 10^-4.", { epochs: 3, learningRate: 2e-4 }],
    ["Training took 2 epochs on 52k instruction pairs.", { epochs: 2, trainingExamples: 52_000 }],
    ["Learning rate 1e-4", { learningRate: 1e-4 }],
    ["The learning rate was set to 0.0001 and the weight decay to 0.01.", { learningRate: 1e-4, weightDecay: 0.01 }],
    ["The effective batch size is 128 and the maximum sequence length 2,048.", { batchSize: 128, sequenceTokens: 2048 }],
    ["We apply linear warmup over 3% of steps; a warmup ratio of 0.03 was used before.", { warmupFraction: 0.03 }],
    ["Number of epochs: 5", { epochs: 5 }],
    ["The learning rate decays over 3 epochs.", { epochs: 3 }],
  ])("finds what is said: %s", (text, expected) => { expect(found(text)).toEqual(expected); });

  it.each([
    "The rank correlation is 0.9 between them.", "Pretraining used a learning rate of 6e-4.", "For full fine-tuning the learning rate was 1e-5.", "Learning rates matter, as Table 3 shows.",
    "We trained the reward model with a learning rate of 1e-5.", "The learning rate of 40 miles an hour is nonsense.", "Dropout was not used in 12 of the runs.",
  ])("makes nothing of: %s", (text) => { expect(found(text)).toEqual({}); });

  it("hears praise and trouble", () => {
    expect(claimsIn({ text: "A learning rate of 2e-4 worked best.", page: 1 })[0]?.direction).toBe("best");
    expect(claimsIn({ text: "A learning rate of 5e-3 diverged.", page: 1 })[0]?.direction).toBe("too-high");
    expect(claimsIn({ text: "With rank 1 the adapter underfits.", page: 1 })[0]?.direction).toBe("too-low");
  });
});

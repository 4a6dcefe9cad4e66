import type { TrainRequest } from "../contract/index.js";
import { tensorTargets } from "./targets.js";

/** trex-train's own request document (native-trainer/README.md, `train`) for one of ours. */
export function trainDocument(request: TrainRequest): Readonly<Record<string, unknown>> {
  const { training } = request;
  const targets = tensorTargets(training.targets);
  return {
    model: request.modelPath,
    data: request.trainPath,
    ...(request.validationPath === null ? {} : { validation: request.validationPath }),
    outDir: request.outDirectory,
    method: "lora",
    lora: {
      rank: training.rank, ...(Object.keys(training.ranks).length === 0 ? {} : { ranks: training.ranks }), alpha: training.alpha,
      ...(targets === null ? {} : { targets }), dropout: training.dropout, initFrom: request.warmStartAdapter,
    },
    optimizer: {
      learningRate: training.learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: training.weightDecay, clipNorm: 1,
      schedule: training.schedule, warmupFraction: training.warmupFraction, finalFraction: 0.1,
    },
    batch: { tokensPerStep: training.tokensPerStep, maxSequenceTokens: training.maxSequenceTokens },
    epochs: training.epochs * request.fraction,
    steps: request.steps,
    seed: request.seed,
    threads: request.threads,
    checkpointEverySteps: 50,
    resume: false,
    validateEverySteps: 0,
    limits: { seconds: request.secondsLimit, memoryBytes: null },
    output: { type: "F32", name: "adapter" },
  };
}

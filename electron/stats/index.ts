export { createRandom, deriveSeed, randomNormal } from "./random.js";
export { mean, median, quantile, standardDeviation, standardError } from "./summary.js";
export { normalCdf, normalQuantile } from "./normal.js";
export { wilsonInterval, bootstrapInterval, estimateOf, pairedGain } from "./intervals.js";
export type { Estimate, Interval } from "./intervals.js";
export { exactMcNemar, pairedTest } from "./paired-test.js";
export type { PairedTest } from "./paired-test.js";
export { holm } from "./holm.js";

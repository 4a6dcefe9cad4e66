import { createRandom, deriveSeed, randomNormal } from "../../../stats/index.js";

/** A smooth random function of a point: mean about 0, size about 1 (random Fourier features of a Gaussian process, Rahimi and Recht 2007). */
export type SmoothField = (point: readonly number[]) => number;

const features = 16;

/**
 * @param lengthScales one for each coordinate, in its unit: how far one must go for a different value
 */
export function createSmoothField(seed: number, name: string, lengthScales: readonly number[]): SmoothField {
  const random = createRandom(deriveSeed(seed, "field", name));
  const waves = Array.from({ length: features }, () => ({ directions: lengthScales.map((length) => randomNormal(random) / length), phase: 2 * Math.PI * random() }));
  const scale = Math.sqrt(2 / features);
  return (point) => {
    let sum = 0;
    for (const { directions, phase } of waves) {
      let angle = phase;
      for (let at = 0; at < directions.length; at += 1) angle += (directions[at] ?? 0) * (point[at] ?? 0);
      sum += Math.cos(angle);
    }
    return scale * sum;
  };
}

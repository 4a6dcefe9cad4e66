import { normalCdf } from "../../stats/index.js";

/** E max(0, m + s Z) for a standard normal Z: what may be gained over what is had already. */
export function expectedPositivePart(mean: number, deviation: number): number {
  if (!(deviation > 0)) return Math.max(0, mean);
  const z = mean / deviation;
  return mean * normalCdf(z) + deviation * Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * What running a recipe is expected to bring over the incumbent.
 *
 * With all of the posterior's spread that is expected improvement (Močkus 1975): what the recipe may be worth. What one noisy
 * score can show of it is less: the spread of the posterior mean after that score (knowledge gradient, Frazier et al. 2008),
 * and only a gain that shows can be delivered. Early in a run later nodes will tell more, late in it nothing will:
 * `refinement` goes from the first to the second.
 * @param mean of the difference to the incumbent, `variance` of it
 * @param covarianceWithOwn of that difference with the recipe's own value, `ownVariance` of the latter
 * @param refinement share of the search's budget that is spent, 0..1
 */
export function expectedImprovement(request: { readonly mean: number; readonly variance: number; readonly ownVariance: number; readonly covarianceWithOwn: number; readonly noiseVariance: number; readonly refinement: number }): number {
  const shown = Math.abs(request.covarianceWithOwn) / Math.sqrt(Math.max(1e-12, request.ownVariance + request.noiseVariance));
  const deviation = (1 - request.refinement) * Math.sqrt(Math.max(0, request.variance)) + request.refinement * shown;
  return expectedPositivePart(request.mean, deviation);
}

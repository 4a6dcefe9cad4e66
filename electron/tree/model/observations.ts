import type { Recipe } from "../../contract/index.js";
import type { LatentScale } from "./latent-scale.js";
import { featuresOf, type RecipeFeatures } from "./recipe-features.js";

/** A node as far as the model looks at it. */
export interface ObservedNode {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly recipe: Recipe;
  readonly reward: number | null;
  readonly standardError: number | null;
  readonly pilot: { readonly score: number; readonly standardError: number } | null;
}

export interface ModelObservation {
  readonly nodeId: string;
  readonly features: RecipeFeatures;
  /** On the latent scale. */
  readonly value: number;
  /** Standard error of it, on the latent scale. */
  readonly error: number;
  /** Error that comes on top and is not of the items: what a short training says of the full one. */
  readonly rungError: number;
}

/** How well pilots foretell full scores before anything is measured, and how many nodes that belief is worth (reliability.md 14: ASHA fails below about .6). */
const assumedCorrelation = 0.7;
const assumedNodes = 4;
/** Spread of full scores between the recipes of a run, on the latent scale. */
const scoreSpread = 0.3;

export interface RungLink {
  /** Full less pilot, on the latent scale. */
  readonly offset: number;
  /** Standard deviation of a full score around what its pilot says, errors of the items not counted. */
  readonly deviation: number;
  readonly correlation: number;
}

/** Believed before any node has both scores. */
export const assumedRungLink: RungLink = { offset: 0, correlation: assumedCorrelation, deviation: scoreSpread * Math.sqrt(1 / assumedCorrelation ** 2 - 1) };

/**
 * What pilots say of full scores: their offset over the nodes that have both, and a deviation from the rank correlation,
 * shrunk towards the assumed one. Null while no node has both: then pilots compare only with each other.
 */
export function rungLink(nodes: readonly ObservedNode[], scale: LatentScale, measured: { readonly spearman: number; readonly n: number } | null): RungLink | null {
  const both = nodes.flatMap((node) => (node.status === "done" && node.pilot !== null && node.reward !== null ? [scale.toLatent(node.reward) - scale.toLatent(node.pilot.score)] : []));
  if (both.length === 0) return null;
  const n = measured?.n ?? 0;
  const correlation = Math.min(0.95, Math.max(0.1, ((measured?.spearman ?? 0) * n + assumedCorrelation * assumedNodes) / (n + assumedNodes)));
  const offset = both.reduce((sum, each) => sum + each, 0) / both.length;
  return { offset, correlation, deviation: scoreSpread * Math.sqrt(1 / correlation ** 2 - 1) + scoreSpread / (1 + both.length) };
}

/**
 * Every score of the run as an observation. A node that ended with its pilot counts by it, with the error a pilot has; a
 * node without any score is left to the feasibility model.
 */
export function observationsOf(nodes: readonly ObservedNode[], scale: LatentScale, noise: number, link: RungLink | null, formatRules: string | null): ModelObservation[] {
  const recipes = new Map(nodes.map((node) => [node.id, node.recipe]));
  const error = (score: number, standardError: number | null): number => scale.errorAt(score, standardError !== null && standardError > 0 ? standardError : noise);
  return nodes.flatMap((node): ModelObservation[] => {
    const features = (): RecipeFeatures => featuresOf(node.recipe, (id) => recipes.get(id), formatRules);
    if (node.status === "done" && node.reward !== null) {
      return [{ nodeId: node.id, features: features(), value: scale.toLatent(node.reward), error: error(node.reward, node.standardError), rungError: 0 }];
    }
    if (node.status === "pruned" && node.pilot !== null && link !== null) {
      return [{ nodeId: node.id, features: features(), value: scale.toLatent(node.pilot.score) + link.offset, error: error(node.pilot.score, node.pilot.standardError), rungError: link.deviation }];
    }
    return [];
  });
}

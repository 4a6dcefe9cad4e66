import type { TensorSpectrum, Training } from "../../../contract/index.js";
import { createRandom, deriveSeed, randomNormal } from "../../../stats/index.js";
import type { Constants } from "../scenario/family-fields.js";

/** The simulated model's adapted tensors, and how much rank each needs. */
export interface Tensors {
  /** Excess loss of the ranks, nats, against rank 64 everywhere. */
  excess(training: Training, usefulRows: number): number;
  meanRank(training: Training): number;
  spectra(training: Training, seed: number): TensorSpectrum[];
}

const blocks = 8;
const attentionKinds = ["attn_q", "attn_v"] as const;
const mlpKinds = ["ffn_up", "ffn_down"] as const;

/**
 * k * (r^-p - 64^-p) through both published points: .0049 nats at rank 4 and .0018 at rank 16 against 64 and more
 * (reliability.md 15). With x = 4^-p their ratio is (1 + x) / x, so x = .581 and p = .392; then k = .0049 / (x - x^3).
 */
const exponent = 0.392;
const factor = 0.01273;
export const publishedRankExcess = (rank: number): number => factor * (Math.min(rank, 64) ** -exponent - 64 ** -exponent);

export function createTensors(constants: Constants, seed: number): Tensors {
  const random = createRandom(deriveSeed(seed, "tensors"));
  const all = [...attentionKinds, ...mlpKinds].flatMap((kind) =>
    Array.from({ length: blocks }, (_, block) => ({ name: `blk.${block}.${kind}`, attention: kind.startsWith("attn"), need: Math.exp(constants.rankUnevenness * randomNormal(random)) })),
  );
  const total = all.reduce((sum, tensor) => sum + tensor.need, 0);
  const tensors = all.map((tensor) => ({ ...tensor, need: (tensor.need * all.length) / total }));
  const adapted = (training: Training): typeof tensors => (training.targets === "all" ? tensors : tensors.filter((tensor) => tensor.attention === (training.targets === "attention")));
  const rankOf = (training: Training, name: string): number => training.ranks[name] ?? training.rank;
  const isEven = (training: Training): boolean => Object.keys(training.ranks).length === 0;
  return {
    excess(training, usefulRows) {
      const of = isEven(training) ? publishedRankExcess(training.rank) : mean(adapted(training).map(({ name, need }) => need * publishedRankExcess(rankOf(training, name)))) / mean(adapted(training).map(({ need }) => need));
      // Nothing at 4e-5, where nothing of the adapter is used up yet, whole at ten times that (reliability.md 15).
      const used = Math.min(1, Math.max(0, Math.log10(training.learningRate / 4e-5)));
      return constants.rankScale * (usefulRows / 2000) ** constants.rankDataExponent * used * of;
    },
    meanRank: (training) => (isEven(training) ? training.rank : mean(adapted(training).map(({ name }) => rankOf(training, name)))),
    spectra(training, spectraSeed) {
      const noise = createRandom(spectraSeed);
      return adapted(training).map(({ name, need }) => {
        const rank = rankOf(training, name);
        // What a tensor would use had it no limit, held down by the rank it has.
        const wanted = 6 * need * Math.exp(0.1 * randomNormal(noise));
        return { tensor: name, rank, effectiveRank: 1 + (rank - 1) * (wanted / (wanted + rank)) };
      });
    },
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

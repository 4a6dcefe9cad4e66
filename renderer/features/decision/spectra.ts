import type { TensorSpectrum } from "../../contract.js";

export interface SpectrumCell {
  readonly tensor: string;
  readonly layer: number;
  readonly rank: number;
  readonly effectiveRank: number;
  /** 0..1 of the rank it has. */
  readonly share: number;
}
export interface SpectrumRow {
  /** "attn_q" and the like; the tensor's whole name when it is not a layer's. */
  readonly kind: string;
  readonly cells: readonly SpectrumCell[];
  readonly meanShare: number;
}
export interface SpectrumMap {
  readonly rows: readonly SpectrumRow[];
  readonly layers: readonly number[];
  readonly meanShare: number;
  readonly most: SpectrumCell;
  readonly least: SpectrumCell;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Effective ranks by kind of tensor (rows) and layer (columns); null when there is none. Rows in order of the share they use. */
export function spectrumMap(spectra: readonly TensorSpectrum[]): SpectrumMap | null {
  const cells = spectra.map((spectrum): SpectrumCell & { kind: string } => {
    const match = /^blk\.(\d+)\.(.+)$/.exec(spectrum.tensor);
    return { tensor: spectrum.tensor, kind: match?.[2] ?? spectrum.tensor, layer: Number(match?.[1] ?? 0), rank: spectrum.rank, effectiveRank: spectrum.effectiveRank, share: spectrum.rank > 0 ? Math.min(1, spectrum.effectiveRank / spectrum.rank) : 0 };
  });
  const ordered = [...cells].sort((a, b) => b.share - a.share);
  const [most, least] = [ordered[0], ordered.at(-1)];
  if (most === undefined || least === undefined) return null;
  const kinds = [...new Set(cells.map((cell) => cell.kind))];
  const rows = kinds.map((kind): SpectrumRow => {
    const ofKind = cells.filter((cell) => cell.kind === kind).sort((a, b) => a.layer - b.layer);
    return { kind, cells: ofKind, meanShare: mean(ofKind.map((cell) => cell.share)) };
  }).sort((a, b) => b.meanShare - a.meanShare);
  return { rows, layers: [...new Set(cells.map((cell) => cell.layer))].sort((a, b) => a - b), meanShare: mean(cells.map((cell) => cell.share)), most, least };
}

import "./decision.css";
import { useMemo, type CSSProperties, type ReactElement } from "react";
import type { TensorSpectrum } from "../../contract.js";
import { formatNumber } from "../../ui/format.js";
import { spectrumMap, type SpectrumCell } from "./spectra.js";

const percent = (share: number): string => `${Math.round(share * 100)}\u2009%`;
const used = (cell: SpectrumCell): string => `${cell.tensor} uses ${formatNumber(cell.effectiveRank)} of ${cell.rank}`;

/** How much of its rank each tensor of the adapter uses: one row a kind, one cell a layer, darker is more. */
export function SpectraStrip({ spectra }: { readonly spectra: readonly TensorSpectrum[] }): ReactElement | null {
  const map = useMemo(() => spectrumMap(spectra), [spectra]);
  if (map === null) return null;
  return (
    <div className="spectra">
      <div className="spectra-rows" role="img" aria-label={`Share of the rank in use by kind of tensor: ${map.rows.map((row) => `${row.kind} ${percent(row.meanShare)}`).join(", ")}`}>
        {map.rows.map((row) => (
          <div key={row.kind} className="spectra-row">
            <span className="spectra-kind mono">{row.kind}</span>
            <span className="spectra-cells" style={{ "--layers": map.layers.length } as CSSProperties}>
              {map.layers.map((layer) => {
                const cell = row.cells.find((candidate) => candidate.layer === layer);
                return cell === undefined ? <i key={layer} className="spectra-none" /> : <i key={layer} style={{ "--share": `${cell.share * 100}%` } as CSSProperties} title={used(cell)} />;
              })}
            </span>
            <span className="number">{percent(row.meanShare)}</span>
          </div>
        ))}
      </div>
      <p className="muted">{`On average ${percent(map.meanShare)} of the rank is used${map.layers.length > 1 ? `, layers ${map.layers[0]} to ${map.layers.at(-1)} from left to right` : ""}. ${used(map.most)}; ${used(map.least)}.`}</p>
    </div>
  );
}

import { useCallback, useMemo, type ReactElement } from "react";
import type UPlot from "uplot";
import type { LossPoint } from "../../contract.js";
import { formatNumber } from "../../ui/format.js";
import { Plot } from "../../ui/plot.js";
import { plotAxis } from "../../ui/plot-axis.js";

/** Training loss over steps, and validation loss where it was measured. */
export function LossPlot({ points }: { readonly points: readonly LossPoint[] }): ReactElement {
  const hasValidation = points.some((point) => point.validation !== undefined);
  const data = useMemo((): UPlot.AlignedData => [points.map((point) => point.step), points.map((point) => point.loss), points.map((point) => point.validation ?? null)], [points]);
  const options = useCallback((color: (name: string) => string): Omit<UPlot.Options, "width" | "height"> => ({
    padding: [8, 8, 0, 0], legend: { show: false }, cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: false } },
    axes: [plotAxis(color, formatNumber, 22, false), plotAxis(color, formatNumber, 44, true)],
    series: [
      {},
      { label: "Training", stroke: color("--info"), width: 1.6, points: { show: false } },
      { label: "Validation", stroke: color("--warn"), width: 1.6, spanGaps: true, points: { show: true, size: 5, fill: color("--warn") } },
    ],
  }), []);
  const last = points.at(-1);
  const lastValidation = points.findLast((point) => point.validation !== undefined)?.validation;
  return (
    <figure>
      <Plot data={data} options={options} height={150} label={`Loss over ${last?.step ?? 0} steps: from ${formatNumber(points[0]?.loss ?? Number.NaN)} to ${formatNumber(last?.loss ?? Number.NaN)}${lastValidation === undefined ? "" : `, validation ${formatNumber(lastValidation)}`}`} />
      <figcaption className="legend">
        <span title="How surprised the model is by the answers it trains on; lower is better"><i className="key key-loss" />Training loss {formatNumber(last?.loss ?? Number.NaN)}</span>
        {hasValidation ? <span title="The same on rows it does not train on; when it rises, the model is learning rows by heart"><i className="key key-validation" />Validation loss {lastValidation === undefined ? "" : formatNumber(lastValidation)}</span> : null}
      </figcaption>
    </figure>
  );
}

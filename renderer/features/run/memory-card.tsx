import { useCallback, useMemo, type ReactElement } from "react";
import type UPlot from "uplot";
import { useApp } from "../../store/use-app.js";
import { formatBytes, formatNumber, formatSeconds } from "../../ui/format.js";
import { Card, Empty } from "../../ui/panels.js";
import { Plot } from "../../ui/plot.js";
import { plotAxis } from "../../ui/plot-axis.js";
import { allHolders, holderWords, stackMemory, stackOrder } from "./memory-series.js";

const none = [] as const;
const kindWords = { ram: "Memory (RAM)", vram: "Graphics memory (VRAM)" } as const;
const sizeTicks = (_: UPlot, __: number, low: number, high: number): number[] => {
  const step = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128].map((gib) => gib * 2 ** 30).find((size) => (high - low) / size <= 5) ?? 256 * 2 ** 30;
  return Array.from({ length: Math.floor(high / step) + 1 }, (_unused, index) => index * step);
};

/** Who holds which bytes, now and over the run. */
export function MemoryCard({ runId }: { readonly runId: string }): ReactElement {
  const samples = useApp((state) => state.memory[runId]) ?? none;
  const stack = useMemo(() => stackMemory(samples), [samples]);
  const totalBytes = stack?.totalBytes ?? 0;
  const options = useCallback((color: (name: string) => string): Omit<UPlot.Options, "width" | "height"> => ({
    padding: [8, 4, 0, 0], legend: { show: false }, cursor: { show: false },
    scales: { x: { time: false }, y: { range: [0, totalBytes] } },
    axes: [{ ...plotAxis(color, (seconds) => formatSeconds(seconds), 22, false), space: 78 }, { ...plotAxis(color, (bytes) => formatBytes(bytes).replace(".0", ""), 58, true), splits: sizeTicks }],
    series: [{}, ...stackOrder.toReversed().map((holder): UPlot.Series => ({ stroke: color(`--memory-${holder}`), fill: color(`--memory-${holder}`), width: 0.5, points: { show: false } }))],
  }), [totalBytes]);
  const data = useMemo((): UPlot.AlignedData => (stack === null ? [[]] : [[...stack.seconds], ...stack.edges.toReversed().map((edge) => [...edge])]), [stack]);
  if (stack === null) return <Card title="Memory"><Empty title="No reading yet."><p>While the run works, this shows who holds which memory.</p></Empty></Card>;
  const { latest } = stack;
  const extras = [
    latest.powerWatts === null ? null : `${formatNumber(latest.powerWatts)} W`,
    latest.temperatureCelsius === null ? null : `${formatNumber(latest.temperatureCelsius)} °C`,
    latest.utilization === null ? null : `${formatNumber(latest.utilization <= 1 ? latest.utilization * 100 : latest.utilization)} % busy`,
  ].filter((part) => part !== null);
  return (
    <Card title={kindWords[stack.kind]} aside={[`${formatBytes(stack.totalBytes)} in all`, ...extras].join(" · ")}>
      <div className="card-body">
        <Plot data={data} options={options} height={158} label={`${kindWords[stack.kind]} over time by holder; the latest values are listed below.`} />
        <ul className="holders">
          {allHolders.map((holder) => (
            <li key={holder} title={holderWords[holder].hint}><i className="holder-key" style={{ background: `var(--memory-${holder})` }} /><span>{holderWords[holder].label}</span><strong>{formatBytes(latest.bytes[holder])}</strong></li>
          ))}
        </ul>
      </div>
    </Card>
  );
}

import { useMemo, type ReactElement } from "react";
import type { RunView } from "../../contract.js";
import { formatInterval, formatScore, scoreUnitOf } from "../../ui/format.js";
import { Hint } from "../../ui/controls.js";
import { useWidth } from "../../ui/use-width.js";
import { Card, Empty } from "../../ui/panels.js";
import { roundTicks, scoreScale } from "../tree/score-scale.js";
import { rungWords } from "./rung-words.js";
import { scoreSeries } from "./score-series.js";

const height = 214;
const margin = { left: 46, right: 10, top: 10, bottom: 24 } as const;

interface ScoreCardProps {
  readonly view: RunView;
  readonly selectedId: string | null;
  readonly onSelect: (nodeId: string) => void;
}

/** Every scored experiment in order, with interval; the best so far, the prompted base and the noise around it. */
export function ScoreCard({ view, selectedId, onSelect }: ScoreCardProps): ReactElement {
  const [box, width] = useWidth();
  const points = useMemo(() => scoreSeries(view), [view]);
  const scale = useMemo(() => scoreScale(view), [view]);
  const unit = scoreUnitOf(view.requirement?.metric ?? null);
  if (scale === null) return <Card title="Scores in order"><Empty title="No score yet."><p>The base model is scored first.</p></Empty></Card>;
  const inner = { width: Math.max(60, width - margin.left - margin.right), height: height - margin.top - margin.bottom };
  const most = Math.max(2, view.nodes.length);
  const x = (order: number): number => margin.left + ((order - 0.5) / most) * inner.width;
  const y = (score: number): number => margin.top + (1 - scale.at(score)) * inner.height;
  const best = points.filter((point) => point.bestSoFar !== null);
  const line = best.map((point, index) => `${index === 0 ? "M" : "H"}${x(point.order)}${index === 0 ? `,${y(point.bestSoFar ?? 0)}` : `V${y(point.bestSoFar ?? 0)}`}`).join("") + (best.length > 0 ? `H${margin.left + inner.width}` : "");
  const everyNth = Math.max(1, Math.ceil(most / Math.max(4, inner.width / 34)));
  return (
    <Card title="Scores in order" aside={<Legend hasBand={scale.noiseBand !== null} />}>
      <div className="card-body" ref={box}>
        <svg className="score-chart" width="100%" height={height} role="img" aria-label={`Scores of ${points.length} experiments in order. Best so far ${formatScore(best.at(-1)?.bestSoFar ?? null, unit)}, prompted base ${formatScore(scale.baseline, unit)}.`}>
          {scale.noiseBand === null ? null : <rect className="score-band" x={margin.left} width={inner.width} y={y(scale.noiseBand[1])} height={Math.max(1, y(scale.noiseBand[0]) - y(scale.noiseBand[1]))} />}
          {roundTicks(scale.low, scale.high, 5).map((tick) => (
            <g key={tick}>
              <line className="score-grid" x1={margin.left} x2={margin.left + inner.width} y1={y(tick)} y2={y(tick)} />
              <text className="score-tick" x={margin.left - 8} y={y(tick) + 4} textAnchor="end">{formatScore(tick, unit).replace(/\.0(?=\u2009)/, "")}</text>
            </g>
          ))}
          {view.nodes.map((node, index) => (index % everyNth === 0 ? <text key={node.id} className="score-tick" x={x(index + 1)} y={height - 6} textAnchor="middle">{index + 1}</text> : null))}
          {scale.baseline === null ? null : <line className="score-base" x1={margin.left} x2={margin.left + inner.width} y1={y(scale.baseline)} y2={y(scale.baseline)} />}
          <path className="score-best" d={line} />
          {points.map((point) => (
            <g key={point.nodeId} className={`score-point tone-${point.tone}${point.nodeId === selectedId ? " is-selected" : ""}${point.pilotOnly ? " is-pilot" : ""}`} onClick={() => onSelect(point.nodeId)}>
              <title>{`${point.order}. ${point.title}: ${formatScore(point.estimate.score, unit)} (${formatInterval(point.estimate.ci, unit)})${point.pilotOnly ? ", short trial only" : ""}`}</title>
              <rect x={x(point.order) - 8} width="16" y={margin.top} height={inner.height} fill="transparent" />
              <line x1={x(point.order)} x2={x(point.order)} y1={y(point.estimate.ci[0])} y2={y(point.estimate.ci[1])} />
              <circle cx={x(point.order)} cy={y(point.estimate.score)} r={point.nodeId === selectedId ? 5.5 : 4} />
            </g>
          ))}
        </svg>
        {view.rungCorrelation === null ? null : <RungNote correlation={view.rungCorrelation} />}
      </div>
    </Card>
  );
}

function RungNote({ correlation }: { readonly correlation: NonNullable<RunView["rungCorrelation"]> }): ReactElement {
  const words = rungWords(correlation);
  return <p className="rung-note">{words.sentence} <span className="muted">(<Hint text="How alike the order by short trials and the order by full scores are: 1 is the same order, 0 is none">{words.figure}</Hint>)</span></p>;
}

function Legend({ hasBand }: { readonly hasBand: boolean }): ReactElement {
  return (
    <span className="legend">
      <span><i className="key key-best" />Best so far</span>
      <span><i className="key key-base" />Prompted base</span>
      {hasBand ? <span title="Scores in this band cannot be told from the prompted base model's"><i className="key key-band" />Noise</span> : null}
    </span>
  );
}

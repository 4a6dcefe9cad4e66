import type { ReactElement } from "react";
import type { Delivery, Estimate } from "../../contract.js";
import { formatInterval, formatScore, type ScoreUnit } from "../../ui/format.js";

interface ResultBarsProps {
  readonly baseline: Estimate | null;
  readonly vault: Pick<Estimate, "score" | "ci">;
  readonly unit: ScoreUnit;
  readonly names: ResultNames;
}

/** What the two rows are called: it depends on what was delivered, and so on what it was compared with. */
export interface ResultNames {
  readonly baseline: string;
  readonly delivered: string;
  /** The base model itself was delivered: it is not compared with itself. */
  readonly isBase: boolean;
}

export function resultNames(kind: Delivery["kind"] | null): ResultNames {
  switch (kind) {
    case "base":
      return { baseline: "Prompted base", delivered: "Prompted base", isBase: true };
    case "prompt":
      return { baseline: "Bare base", delivered: "With prompt", isBase: false };
    case "adapter":
    case null:
      return { baseline: "Prompted base", delivered: "Delivered", isBase: false };
  }
}

/**
 * Base and result with their intervals on one scale. Rates are bars from zero, so that the difference is seen at its
 * true size; log-likelihoods have no zero to start from and are points.
 */
export function ResultBars({ baseline, vault, unit, names }: ResultBarsProps): ReactElement {
  const ends = [...vault.ci, ...(baseline?.ci ?? [])];
  const margin = (Math.max(...ends) - Math.min(...ends)) * 0.1;
  const [low, high] = unit === "rate" ? [0, 1] : [Math.min(...ends) - margin, Math.max(...ends) + margin];
  const share = (value: number): number => (high > low ? Math.min(100, Math.max(0, ((value - low) / (high - low)) * 100)) : 50);
  const rows = [
    ...(baseline === null ? [] : [{ name: names.baseline, look: "base", estimate: baseline }]),
    { name: names.delivered, look: names.isBase ? "base" : "gain", estimate: vault },
  ];
  return (
    <div className="result-bars" aria-hidden="true">
      {rows.map(({ name, look, estimate }) => (
        <div key={name} className={`result-bar tone-${look}`} title={`95 % interval: ${formatInterval(estimate.ci, unit)}`}>
          <span className="result-bar-name">{name}</span>
          <span className="result-track">
            {unit === "rate" ? <span className="result-fill" style={{ width: `${share(estimate.score)}%` }} /> : <span className="result-dot" style={{ left: `${share(estimate.score)}%` }} />}
            <span className="result-interval" style={{ left: `${share(estimate.ci[0])}%`, width: `${share(estimate.ci[1]) - share(estimate.ci[0])}%` }} />
          </span>
          <span className="result-bar-score">{formatScore(estimate.score, unit)}</span>
        </div>
      ))}
    </div>
  );
}

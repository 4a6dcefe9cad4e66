import type { ReactElement } from "react";
import type { Estimate } from "../../contract.js";
import type { ScoreScale } from "./score-scale.js";

/** A score with its 95 % interval on the run's common scale; the line marks the prompted base, the band the noise around it. */
export function Whisker({ estimate, scale }: { readonly estimate: Estimate; readonly scale: ScoreScale }): ReactElement {
  const x = (score: number): string => `${scale.at(score) * 100}%`;
  const [low, high] = estimate.ci;
  return (
    <svg className="whisker" width="100%" height="14" aria-hidden="true" focusable="false">
      {scale.noiseBand === null ? null : <rect className="whisker-band" x={x(scale.noiseBand[0])} width={`${(scale.at(scale.noiseBand[1]) - scale.at(scale.noiseBand[0])) * 100}%`} y="1" height="12" rx="2" />}
      <line className="whisker-axis" x1="0" x2="100%" y1="7" y2="7" />
      {scale.baseline === null ? null : <line className="whisker-base" x1={x(scale.baseline)} x2={x(scale.baseline)} y1="0" y2="14" />}
      <line className="whisker-line" x1={x(low)} x2={x(high)} y1="7" y2="7" />
      <line className="whisker-line" x1={x(low)} x2={x(low)} y1="4" y2="10" />
      <line className="whisker-line" x1={x(high)} x2={x(high)} y1="4" y2="10" />
      <circle className="whisker-dot" cx={x(estimate.score)} cy="7" r="3.4" />
    </svg>
  );
}

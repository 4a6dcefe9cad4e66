import type { ReactElement } from "react";
import type { FailureCluster } from "../../contract.js";
import { formatScore } from "../../ui/format.js";

/** What kept going wrong, as shares of the search rows: gaps of ability, never a row's own text. */
export function FailureClusters({ failures }: { readonly failures: readonly FailureCluster[] }): ReactElement {
  return (
    <ul className="failure-clusters">
      {failures.map((failure) => (
        <li key={failure.label}><span>{failure.label}</span><span className="meter tone-bad" aria-hidden="true"><span style={{ width: `${Math.min(1, failure.share) * 100}%` }} /></span><span className="number">{formatScore(failure.share, "rate")}</span></li>
      ))}
    </ul>
  );
}

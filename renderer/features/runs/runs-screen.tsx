import "./runs.css";
import type { ReactElement } from "react";
import { paths } from "../../app/route.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { ButtonLink } from "../../ui/controls.js";
import { Card, LoadingBlock, ProblemNotice } from "../../ui/panels.js";
import { MachineSummary } from "../machine/machine-summary.js";
import { DemoButton } from "./demo-button.js";
import { FirstRun } from "./first-run.js";
import { RunsTable } from "./runs-table.js";

export function RunsScreen(): ReactElement {
  const runs = useApp((state) => state.runs);
  const reload = useApp((state) => state.loadRuns);
  const list = valueOf(runs);
  const isFirst = list !== null && list.length === 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{isFirst ? "Welcome to TREX Desktop" : "Runs"}</h1>
        {isFirst ? null : (
          <div className="page-actions">
            <DemoButton look="plain" />
            <ButtonLink href={paths.newRun} look="primary" icon="plus">New run</ButtonLink>
          </div>
        )}
      </div>
      {runs.state === "failed" ? <ProblemNotice problem={runs.error} onRetry={() => void reload()} /> : null}
      {isFirst ? <FirstRun /> : <MachineSummary compact />}
      {list === null && runs.state !== "failed" ? <Card><LoadingBlock label="Loading your runs" lines={4} /></Card> : null}
      {list !== null && list.length > 0 ? <Card label="Your runs"><RunsTable runs={list} /></Card> : null}
    </div>
  );
}

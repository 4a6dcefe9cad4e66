import "./report.css";
import { useEffect, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { Button, ButtonLink } from "../../ui/controls.js";
import { LoadingBlock, ProblemNotice } from "../../ui/panels.js";

/** The run's own report, shown in a frame that may run no script and reach nothing. */
export function ReportScreen({ runId }: { readonly runId: string }): ReactElement {
  const report = useApp((state) => state.reports[runId]);
  const load = useApp((state) => state.loadReport);
  useEffect(() => void load(runId), [load, runId]);
  const html = valueOf(report);
  return (
    <div className="page page-narrow report-page">
      <div className="page-head">
        <h1>Report</h1>
        <div className="page-actions">
          <ButtonLink href={paths.run(runId)} icon="tree">Back to the run</ButtonLink>
          {html === null ? null : <Button icon="save" onClick={() => saveHtml(html, `trex-${runId}.html`)}>Save as a file</Button>}
        </div>
      </div>
      {report?.state === "failed" ? <ProblemNotice problem={report.error} onRetry={() => void load(runId)} /> : null}
      {html === null ? (report?.state === "failed" ? null : <LoadingBlock label="Loading the report" lines={8} />) : <iframe className="report-frame" title="Report of this run" sandbox="" srcDoc={html} />}
    </div>
  );
}

function saveHtml(html: string, name: string): void {
  const url = URL.createObjectURL(new Blob([html], { type: "text/html" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

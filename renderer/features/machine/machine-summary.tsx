import "./machine.css";
import type { ReactElement } from "react";
import { paths } from "../../app/route.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { Icon } from "../../ui/icon.js";
import { Card, Fact, LoadingBlock, ProblemNotice } from "../../ui/panels.js";
import { machineFacts, machineHeadline } from "./machine-facts.js";

/** This computer in plain words: a card on the first visit, one line afterwards. */
export function MachineSummary({ compact = false }: { readonly compact?: boolean }): ReactElement {
  const doctor = useApp((state) => state.doctor);
  const load = useApp((state) => state.loadDoctor);
  const report = valueOf(doctor);
  if (report === null) {
    if (doctor.state === "failed") return <ProblemNotice problem={doctor.error} onRetry={() => void load()} />;
    return compact ? <p className="machine-line muted" role="status">Looking at this computer</p> : <Card title="This computer"><LoadingBlock label="Looking at this computer" /></Card>;
  }
  const headline = machineHeadline(report);
  const mark = <span className={`machine-mark tone-${headline.tone}`}><Icon name={headline.tone === "gain" ? "check" : headline.tone === "info" ? "info" : "alert"} size={15} /></span>;
  if (compact) {
    return (
      <p className="machine-line">
        {mark}
        <span><strong>{headline.title}.</strong> {headline.text}</span>
        <a href={paths.machine}>About this computer</a>
      </p>
    );
  }
  return (
    <Card title="This computer" aside={<a href={paths.machine}>Details</a>}>
      <div className="card-body machine-card">
        <div className="machine-headline">
          {mark}
          <div>
            <h3>{headline.title}</h3>
            <p>{headline.text}</p>
          </div>
        </div>
        <dl className="facts">{machineFacts(report).map((fact) => <Fact key={fact.label} label={fact.label}>{fact.value}</Fact>)}</dl>
      </div>
    </Card>
  );
}

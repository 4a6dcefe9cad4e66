import "./machine.css";
import type { ReactElement, ReactNode } from "react";
import type { DoctorReport } from "../../contract.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { Badge, Button } from "../../ui/controls.js";
import { formatBytes } from "../../ui/format.js";
import { Card, Fact, LoadingBlock, Notice, ProblemNotice } from "../../ui/panels.js";
import { machineHeadline } from "./machine-facts.js";

export function MachineScreen(): ReactElement {
  const doctor = useApp((state) => state.doctor);
  const load = useApp((state) => state.loadDoctor);
  const report = valueOf(doctor);
  return (
    <div className="page page-narrow">
      <div className="page-head">
        <h1>This computer</h1>
        <Button onClick={() => void load()} busy={doctor.state === "loading"}>Look again</Button>
      </div>
      {doctor.state === "failed" ? <ProblemNotice problem={doctor.error} onRetry={() => void load()} /> : null}
      {report === null ? (doctor.state === "failed" ? null : <Card><LoadingBlock label="Looking at this computer" lines={6} /></Card>) : <Report report={report} />}
    </div>
  );
}

const backendWords = { cpu: "Processor", cuda: "NVIDIA card (CUDA)", vulkan: "Graphics card (Vulkan)", metal: "Apple graphics (Metal)" } as const;

function Report({ report }: { readonly report: DoctorReport }): ReactElement {
  const headline = machineHeadline(report);
  return (
    <>
      <Notice tone={headline.tone} icon={headline.tone === "gain" ? "check" : "info"} title={headline.title}><p>{headline.text}</p></Notice>
      {report.advice.length === 0 ? null : (
        <Card title="What would help">
          <ul className="card-body advice">{report.advice.map((line) => <li key={line}>{line}</li>)}</ul>
        </Card>
      )}
      <div className="machine-grid">
        <Card title="What is used for what">
          <dl className="card-body facts">
            <Fact label="Training">{backendWords[report.backends.trainer.use]}<Reason>{report.backends.trainer.reason}</Reason></Fact>
            <Fact label="Agents and scoring">{backendWords[report.backends.agent.use]}<Reason>{report.backends.agent.reason}</Reason></Fact>
          </dl>
        </Card>
        <Card title="Processor and memory">
          <dl className="card-body facts">
            <Fact label="Processor">{report.cpu.model}</Fact>
            <Fact label="Cores">{report.cpu.physicalCores} physical, {report.cpu.logicalCores} logical</Fact>
            <Fact label="Instructions" hint="The widest vector instructions the trainer can use here">{report.cpu.isa}</Fact>
            <Fact label="Memory"><Share free={report.memory.freeBytes} total={report.memory.totalBytes} /></Fact>
          </dl>
        </Card>
        <Card title="Graphics cards">
          <div className="card-body">
            <p className="muted">{report.gpuProbe.message}</p>
            {report.gpus.map((gpu) => (
              <dl key={gpu.index} className="facts gpu">
                <Fact label={`Card ${gpu.index}`}>{gpu.name} <Badge tone={gpu.usable ? "gain" : "quiet"} icon={gpu.usable ? "check" : "cut"}>{gpu.usable ? "Used" : "Not used"}</Badge><Reason>{gpu.reason}</Reason></Fact>
                <Fact label="Memory"><Share free={gpu.freeBytes} total={gpu.totalBytes} /></Fact>
                <Fact label="Driver">{gpu.driverVersion}</Fact>
                <Fact label="Compute capability" hint="NVIDIA's number for what the card can do">{gpu.computeCapability ?? "not told"}</Fact>
              </dl>
            ))}
          </div>
        </Card>
        <Card title="Disk and programs">
          <dl className="card-body facts">
            <Fact label="Disk"><Share free={report.disk.freeBytes} total={report.disk.totalBytes} /><Reason>{report.disk.reason}</Reason></Fact>
            <Fact label="Runs are kept in"><code>{report.disk.path}</code></Fact>
            <Fact label="Trainer"><Program found={report.trainer.found} version={report.trainer.version} message={report.trainer.message} /></Fact>
            <Fact label="llama.cpp"><Program found={report.llama.found} version={report.llama.version} message={report.llama.message} /></Fact>
            <Fact label="Electron"><Program found={report.electron.found} version={null} message={report.electron.message} /></Fact>
          </dl>
        </Card>
      </div>
    </>
  );
}

const Reason = ({ children }: { readonly children: ReactNode }): ReactElement => <p className="reason">{children}</p>;

function Share({ free, total }: { readonly free: number; readonly total: number }): ReactElement {
  const used = total > 0 ? Math.min(1, Math.max(0, 1 - free / total)) : 0;
  return (
    <>
      {formatBytes(free)} free of {formatBytes(total)}
      <div className="meter share" aria-hidden="true"><span style={{ width: `${used * 100}%` }} /></div>
    </>
  );
}

function Program({ found, version, message }: { readonly found: boolean; readonly version: string | null; readonly message: string }): ReactElement {
  return (
    <>
      <Badge tone={found ? "gain" : "warn"} icon={found ? "check" : "alert"}>{found ? (version ?? "Found") : "Not found"}</Badge>
      <Reason>{message}</Reason>
    </>
  );
}

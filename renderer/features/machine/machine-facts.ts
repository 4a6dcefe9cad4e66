import type { DoctorReport } from "../../contract.js";
import { formatBytes } from "../../ui/format.js";

/** The report in one sentence each, for somebody who has never opened a device manager. */
export interface MachineHeadline {
  readonly tone: "gain" | "info" | "bad";
  readonly title: string;
  readonly text: string;
}

export function machineHeadline(report: DoctorReport): MachineHeadline {
  if (!report.ok) {
    return { tone: "bad", title: "Training cannot run on this computer yet", text: report.trainer.found ? (report.advice[0] ?? report.backends.trainer.reason) : report.trainer.message };
  }
  const card = report.gpus.find((gpu) => gpu.usable);
  if (report.backends.trainer.use === "cuda" && card !== undefined) {
    return { tone: "gain", title: `Training runs on your ${card.name}`, text: `${formatBytes(card.freeBytes)} of ${formatBytes(card.totalBytes)} graphics memory are free.` };
  }
  return { tone: "info", title: "Training runs on the processor: slower, but complete", text: report.backends.trainer.reason };
}

export interface MachineFact {
  readonly label: string;
  readonly value: string;
}

export function machineFacts(report: DoctorReport): readonly MachineFact[] {
  return [
    { label: "Processor", value: `${report.cpu.model}, ${report.cpu.physicalCores} cores (${report.cpu.isa})` },
    { label: "Memory", value: `${formatBytes(report.memory.freeBytes)} free of ${formatBytes(report.memory.totalBytes)}` },
    { label: "Graphics card", value: report.gpus.length === 0 ? "None found" : report.gpus.map((gpu) => gpu.name).join(", ") },
    { label: "Disk", value: `${formatBytes(report.disk.freeBytes)} free of ${formatBytes(report.disk.totalBytes)}` },
  ];
}

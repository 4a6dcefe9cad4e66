import type { DoctorReport, ImportReport } from "../../contract.js";
import type { ModelChoice } from "../../store/state.js";
import { durationSeconds } from "../../ui/duration.js";
import { formatBytes, formatSeconds, grouped } from "../../ui/format.js";
import { fileName } from "../run/requirement-words.js";
import type { Draft } from "./draft.js";

export interface PreflightFact {
  readonly label: string;
  readonly state: "good" | "open" | "warn" | "bad";
  readonly text: string;
}

interface Known {
  readonly draft: Draft;
  /** As typed; null before the task has been understood. */
  readonly budget: string | null;
  readonly models: readonly ModelChoice[];
  readonly report: ImportReport | null;
  readonly dataProblem: string | null;
  readonly doctor: DoctorReport | null;
}

/** The facts that decide whether a run can start and what it will be like, as far as they are known now. */
export function preflight({ draft, budget, models, report, dataProblem, doctor }: Known): readonly PreflightFact[] {
  return [modelFact(draft, models), dataFact(draft, report, dataProblem), budgetFact(budget), machineFact(doctor), diskFact(doctor)];
}

function modelFact(draft: Draft, models: readonly ModelChoice[]): PreflightFact {
  const path = draft.model.trim();
  if (path === "") return { label: "Model", state: "open", text: "Not chosen yet" };
  const found = models.find((model) => model.path === path);
  if (found === undefined) return { label: "Model", state: "open", text: `${fileName(path)}: checked when the run starts` };
  if (!found.supported) return { label: "Model", state: "bad", text: found.reason };
  return { label: "Model", state: "good", text: `${found.name}, ${found.architecture ?? "unknown architecture"}, ${formatBytes(found.sizeBytes)}` };
}

function dataFact(draft: Draft, report: ImportReport | null, problem: string | null): PreflightFact {
  if (problem !== null) return { label: "Data", state: "bad", text: problem };
  if (report === null) return { label: "Data", state: "open", text: draft.data.trim() === "" ? "Not chosen yet" : "Not checked yet" };
  const left = report.rows - report.accepted;
  return { label: "Data", state: left > 0 || report.conflicts > 0 ? "warn" : "good", text: `${grouped(report.accepted)} of ${grouped(report.rows)} rows can be used` };
}

function budgetFact(budget: string | null): PreflightFact {
  if (budget === null) return { label: "Time", state: "open", text: "Proposed with the task; you can change it" };
  const seconds = durationSeconds(budget);
  if (seconds === null) return { label: "Time", state: "open", text: "Not set" };
  return { label: "Time", state: "good", text: `At most ${formatSeconds(seconds)}, agents and the final test included` };
}

function machineFact(doctor: DoctorReport | null): PreflightFact {
  if (doctor === null) return { label: "Trains on", state: "open", text: "Looking at this computer" };
  if (!doctor.ok) return { label: "Trains on", state: "bad", text: doctor.advice[0] ?? doctor.trainer.message };
  if (doctor.backends.trainer.use === "cpu") return { label: "Trains on", state: "warn", text: `The processor, ${formatBytes(doctor.memory.freeBytes)} memory free. Slower than a card, but complete.` };
  const card = doctor.gpus.find((gpu) => gpu.usable);
  return { label: "Trains on", state: "good", text: card === undefined ? doctor.backends.trainer.reason : `${card.name}, ${formatBytes(card.freeBytes)} free` };
}

const littleDiskBytes = 2 * 1024 ** 3;

function diskFact(doctor: DoctorReport | null): PreflightFact {
  if (doctor === null) return { label: "Disk", state: "open", text: "Looking at this computer" };
  return { label: "Disk", state: doctor.disk.freeBytes < littleDiskBytes ? "warn" : "good", text: `${formatBytes(doctor.disk.freeBytes)} free` };
}

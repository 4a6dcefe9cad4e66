import type { DoctorReport } from "../../contract/index.js";
import type { Command } from "./command.js";
import { formatBytes } from "./format.js";
import { plain } from "./output.js";

export const doctorCommand: Command = {
  name: "doctor",
  summary: "look at this computer and say what will be used, and why",
  usage: "doctor [--json]",
  details: ["Looks only; changes nothing. Never takes much longer than five seconds, even when the graphics driver hangs."],
  example: "trex doctor --json",
  options: {},
  positionals: { least: 0, most: 0 },
  async run({ app, json, output }) {
    const report = await app().machine.doctor();
    if (json) output.json(report);
    else output.result(describe(report));
    return report.ok ? 0 : 1;
  },
};

function describe(report: DoctorReport): string {
  const { cpu, memory, disk, backends, trainer, llama, electron } = report;
  const cards = report.gpus.map((gpu) => {
    const capability = gpu.computeCapability === null ? "compute capability unknown" : `compute capability ${gpu.computeCapability}`;
    return `Card ${gpu.index}     ${plain(gpu.name)}, driver ${plain(gpu.driverVersion)}, ${capability}, ${formatBytes(gpu.freeBytes)} of ${formatBytes(gpu.totalBytes)} free\n           ${plain(gpu.reason)}`;
  });
  return [
    ...(cards.length === 0 ? [`Card       ${plain(report.gpuProbe.message)}`] : [...cards, ...(report.gpuProbe.status === "ok" ? [] : [`           ${plain(report.gpuProbe.message)}`])]),
    `Processor  ${plain(cpu.model)}, ${cpu.physicalCores} cores (${cpu.logicalCores} threads), ${cpu.isa}`,
    `Memory     ${formatBytes(memory.freeBytes)} of ${formatBytes(memory.totalBytes)} free`,
    `Disk       ${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)} free at ${disk.path}`,
    `           ${disk.reason}`,
    `Training   ${backends.trainer.use}: ${plain(backends.trainer.reason)}`,
    `Agents     ${backends.agent.use}: ${plain(backends.agent.reason)}`,
    `Trainer    ${trainer.message}`,
    `llama.cpp  ${llama.message}`,
    `Window     ${electron.message}`,
    "",
    report.ok ? "Fine-tuning can run on this computer." : "Fine-tuning cannot run on this computer yet.",
    ...report.advice.map((advice) => `- ${plain(advice)}`),
  ].join("\n");
}

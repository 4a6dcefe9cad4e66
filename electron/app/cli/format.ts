import type { Cost, Estimate } from "../../contract/index.js";

export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatBytes(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${(bytes / 1024 ** power).toFixed(power < 2 ? 0 : 1)} ${units[power] ?? ""}`;
}

export function formatScore({ score, ci }: Estimate): string {
  return `${score.toFixed(3)} [${ci[0].toFixed(3)}, ${ci[1].toFixed(3)}]`;
}

export function formatCost(cost: Cost): string {
  const parts = [`training ${formatDuration(cost.trainSeconds)}`, `evaluation ${formatDuration(cost.evalSeconds)}`, `agents ${formatDuration(cost.agentSeconds)}`];
  const energy = cost.energyJoules === null ? "energy not measured on this machine" : `${(cost.energyJoules / 3_600).toFixed(2)} Wh`;
  return `${formatDuration(cost.totalSeconds)} (${parts.join(", ")}), ${energy}`;
}

import type { Cost, Estimate, MetricName } from "../contract.js";

/** U+2009 between a number and its unit, and U+2212 for minus: what a typesetter would use. */
const thin = "\u2009";
const minus = "\u2212";
const nothing = "\u2013";

const fixed = (value: number, digits: number): string => {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `${minus}${text}` : text;
};
const signed = (text: string, value: number): string => (value > 0 && /[1-9]/.test(text) ? `+${text}` : text);

export type ScoreUnit = "rate" | "number";
export const scoreUnitOf = (metric: MetricName | null): ScoreUnit => (metric === "perplexity" ? "number" : "rate");

/** A rate as a percentage with one decimal; other metrics with three significant digits. */
export function formatScore(score: number | null, unit: ScoreUnit): string {
  if (score === null) return nothing;
  return unit === "rate" ? `${fixed(score * 100, 1)}${thin}%` : formatNumber(score);
}

/** A difference of two scores. Differences of rates are percentage points, which is not the same as per cent. */
export function formatGain(gain: number | null, unit: ScoreUnit): string {
  if (gain === null) return nothing;
  const text = unit === "rate" ? fixed(gain * 100, 1) : formatNumber(gain);
  return `${signed(text, gain)}${unit === "rate" ? `${thin}pts` : ""}`;
}

export function formatInterval(ci: Estimate["ci"], unit: ScoreUnit): string {
  const [low, high] = ci;
  return unit === "rate" ? `${fixed(low * 100, 1)} to ${fixed(high * 100, 1)}${thin}%` : `${formatNumber(low)} to ${formatNumber(high)}`;
}

export function formatGainInterval(ci: Estimate["ci"], unit: ScoreUnit): string {
  const [low, high] = ci;
  const part = (value: number): string => signed(unit === "rate" ? fixed(value * 100, 1) : formatNumber(value), value);
  return `${part(low)} to ${part(high)}${unit === "rate" ? `${thin}pts` : ""}`;
}

/** Three significant digits; powers of ten only where plain digits would be hard to read. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return nothing;
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return grouped(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [mantissa = "0", exponent = "0"] = value.toExponential(2).split("e");
    return `${Number(mantissa)}e${exponent.replace("+", "").replace("-", minus)}`.replace("-", minus);
  }
  return Number(value.toPrecision(3)).toString().replace("-", minus);
}

/** A figure somebody else stated: every digit of it is theirs. */
export const formatExact = (value: number): string => (Math.abs(value) >= 1e-4 || value === 0 ? value.toLocaleString("en-US", { maximumSignificantDigits: 12 }).replace("-", minus) : formatNumber(value));

export const grouped = (value: number): string => Math.round(value).toLocaleString("en-US").replace("-", minus);

/** Seconds in words: the two largest units that matter. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return nothing;
  if (seconds < 10 && seconds > 0) return `${seconds.toFixed(1)}${thin}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${thin}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}${thin}min${rest(whole % 60, "s")}`;
  const hours = Math.floor(minutes / 60);
  return `${hours}${thin}h${rest(minutes % 60, "min")}`;
}
const rest = (value: number, unit: string): string => (value === 0 ? "" : ` ${value}${thin}${unit}`);

/** Powers of 1024, as graphics cards and operating systems count memory. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
  let value = Math.max(0, bytes);
  let index = 0;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  const digits = index === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)}${thin}${units[index] ?? "B"}`;
}

export function formatEnergy(joules: number | null): string {
  if (joules === null) return "not measured";
  const wattHours = joules / 3600;
  if (wattHours < 0.1) return `${Math.round(joules)}${thin}J`;
  return wattHours < 1000 ? `${formatNumber(wattHours)}${thin}Wh` : `${formatNumber(wattHours / 1000)}${thin}kWh`;
}

/** Money in the tariff's own currency, which is not asked for; null when there is nothing to multiply. */
export function energyPrice(cost: Pick<Cost, "energyJoules">, tariffPerKilowattHour: number | null): number | null {
  if (cost.energyJoules === null || tariffPerKilowattHour === null) return null;
  return (cost.energyJoules / 3.6e6) * tariffPerKilowattHour;
}

/** p-values below a thousandth are a bound, not a number. */
export const formatPValue = (p: number): string => (p < 0.001 ? `p < 0.001` : `p = ${p.toFixed(3)}`);

/** Short local date and time of an ISO 8601 instant; `now` decides whether the date can be left out. */
export function formatMoment(iso: string, now: Date): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return nothing;
  const time = moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (moment.toDateString() === now.toDateString()) return `Today, ${time}`;
  const sameYear = moment.getFullYear() === now.getFullYear();
  return `${moment.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) })}, ${time}`;
}

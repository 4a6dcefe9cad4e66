const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, "": 1 };

/** "90s", "10m", "2h", "1.5h" or seconds; null when it is none of these. */
export function durationSeconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([smh]?)$/.exec(text.trim().toLowerCase());
  const factor = unitSeconds[match?.[2] ?? "?"];
  return match?.[1] === undefined || factor === undefined ? null : Number(match[1]) * factor;
}

/** The shortest text that means so many seconds, in the form a user types. */
export function durationText(seconds: number): string {
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60}m`;
  return `${Math.round(seconds * 10) / 10}s`;
}

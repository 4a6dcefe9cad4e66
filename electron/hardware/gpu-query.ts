/** Columns asked of nvidia-smi, in this order. `compute_cap` is missing in drivers before 470 or so. */
export const queryFields = ["index", "name", "driver_version", "compute_cap", "memory.total", "memory.free", "power.draw"] as const;
export type QueryField = (typeof queryFields)[number];

export interface GpuReading {
  readonly index: number;
  readonly name: string;
  readonly driverVersion: string;
  readonly computeCapability: string | null;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly powerWatts: number | null;
}

const mebibyte = 1024 * 1024;

export function queryArguments(fields: readonly QueryField[]): readonly string[] {
  return [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits"];
}

/** One card a line; null when any line is not what was asked for. A header line and units are understood, too. */
export function parseGpuQuery(text: string, asked: readonly QueryField[]): readonly GpuReading[] | null {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const [first, ...rest] = lines;
  if (first === undefined) return null;
  const header = headerFields(first);
  const fields = header ?? asked;
  const readings = (header === null ? lines : rest).map((line) => parseLine(line, fields));
  const complete = readings.filter((reading) => reading !== null);
  return complete.length === readings.length && complete.length > 0 ? complete : null;
}

function headerFields(line: string): readonly string[] | null {
  const names = line.split(",").map((cell) => cell.trim().replace(/\s*\[.*\]$/, ""));
  return names.includes("name") && names.includes("memory.total") ? names : null;
}

function parseLine(line: string, fields: readonly string[]): GpuReading | null {
  // Cells are separated by ", "; a localised number such as "120,5" has no space after its comma.
  const spaced = line.split(", ");
  const cells = (spaced.length === fields.length ? spaced : line.split(",")).map((cell) => cell.trim());
  if (cells.length !== fields.length) return null;
  const cell = (name: QueryField): string => cells[fields.indexOf(name)] ?? "";
  const index = Number(cell("index"));
  const totalMebibytes = measure(cell("memory.total"));
  const freeMebibytes = measure(cell("memory.free"));
  const name = cell("name");
  if (!Number.isInteger(index) || name === "" || totalMebibytes === null || totalMebibytes <= 0) return null;
  const capability = cell("compute_cap");
  return {
    index,
    name: name.slice(0, 120),
    driverVersion: cell("driver_version").slice(0, 40),
    computeCapability: /^\d+\.\d+$/.test(capability) ? capability : null,
    totalBytes: totalMebibytes * mebibyte,
    freeBytes: Math.min(totalMebibytes, freeMebibytes ?? 0) * mebibyte,
    powerWatts: measure(cell("power.draw")),
  };
}

/** "24564", "24564 MiB", "120.5 W", "120,5"; null for "[N/A]", "[Not Supported]", "ERR!" and the like. */
export function measure(cell: string): number | null {
  const match = /^(\d+(?:[.,]\d+)?)(?:\s*[A-Za-z%]+)?$/.exec(cell.trim());
  if (match?.[1] === undefined) return null;
  const value = Number(match[1].replace(",", "."));
  return Number.isFinite(value) ? value : null;
}

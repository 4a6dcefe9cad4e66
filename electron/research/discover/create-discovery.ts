import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { fail, ok, type DataProposal, type Message, type Result } from "../../contract/index.js";
import type { DatasetInspection } from "../../data/index.js";
import type { Online } from "../online/index.js";
import { plainTitle } from "../readers/plain-text.js";
import { dataFiles, type Allowance, type FoundFile } from "./files.js";
import { cachedDatasets, type CachedDataset, type DataHome } from "./hub-cache.js";
import { licenceBeside } from "./licence.js";
import { onlineProposals } from "./online-proposals.js";
import { relevanceOf } from "./words.js";

export interface DiscoveryLimits {
  readonly deepest: number;
  /** Names looked at in folders. */
  readonly entries: number;
  /** Files read. */
  readonly files: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
  readonly timeMs: number;
  readonly proposals: number;
}

export const defaultDiscoveryLimits: DiscoveryLimits = { deepest: 5, entries: 20_000, files: 40, fileBytes: 64 * 2 ** 20, totalBytes: 512 * 2 ** 20, timeMs: 30_000, proposals: 60 };

export interface DiscoveryOptions {
  /** `inspectDataset` of the data folder: reads, never runs. */
  readonly inspect: (path: string, signal: AbortSignal) => Promise<Result<DatasetInspection>>;
  readonly online: Pick<Online, "datasets">;
  /** Folders the user allowed, now. */
  readonly folders: () => readonly string[];
  readonly homes: () => readonly DataHome[];
  readonly isOffline: () => boolean;
  /** How many rows of a file repeat the task's held-out rows; null where there is nothing to compare with. A count and nothing else comes back. */
  readonly overlap: (path: string, signal: AbortSignal) => Promise<number | null>;
  /** Training rows of the user's data, for comparison; without it the file's own first rows. */
  readonly trainingSample?: (path: string, signal: AbortSignal) => Promise<readonly (readonly Message[])[] | null>;
  readonly limits?: Partial<DiscoveryLimits>;
}

export interface Discovery {
  /**
   * Data sets that could serve, usable and fitting ones first. Bounded in time and in what is read; what lies beyond is
   * left out or marked as not read. Errors: CANCELLED; those of the hub when nothing was found on this disk.
   */
  discover(request: { readonly goal: string; readonly data: string | null; readonly online: boolean }, signal: AbortSignal): Promise<Result<readonly DataProposal[]>>;
}

/** So many examples are needed to train and to measure (data/splits.ts). */
const fewestRows = 60;
const filesOfOneCachedDataset = 4;

export function createDiscovery(options: DiscoveryOptions): Discovery {
  const limits = { ...defaultDiscoveryLimits, ...options.limits };
  return {
    async discover(request, signal) {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(limits.timeMs)]);
      const search = new Search(options, limits, request.goal, await trainingTexts(options, request.data, bounded), bounded);
      const own = request.data === null ? null : await realpath(request.data).catch(() => null);
      if (own !== null) search.leaveOut(own);
      for (const folder of options.folders()) await search.folder(folder, "folder");
      for (const home of options.homes()) await (home.origin === "hf-cache" ? search.cache(home.path) : search.folder(home.path, "library"));
      const local = search.proposals;
      if (isOver(signal)) return stopped();
      // The switch rules over the request; the connector asks it once more before each connection.
      if (!request.online || options.isOffline()) return ok(ordered(local, limits.proposals));
      const found = await onlineProposals(options.online, request.goal, search.training, signal);
      if (isOver(signal)) return stopped();
      if (!found.ok && local.length === 0) return found;
      return ok(ordered([...local, ...(found.ok ? found.value : [])], limits.proposals));
    },
  };
}

/** A function, since the compiler believes that a signal once seen unaborted stays so. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;
const stopped = (): Result<never> => fail("CANCELLED", "discover.cancelled", "The search for data was stopped.");

function ordered(proposals: readonly DataProposal[], most: number): DataProposal[] {
  const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
  return [...proposals].sort((left, right) => Number(right.usable) - Number(left.usable) || right.relevance - left.relevance || byText(left.name, right.name) || byText(left.location, right.location)).slice(0, most);
}

async function trainingTexts({ inspect, trainingSample }: DiscoveryOptions, data: string | null, signal: AbortSignal): Promise<readonly string[] | null> {
  if (data === null) return null;
  const rows = trainingSample === undefined ? null : await trainingSample(data, signal).catch(() => null);
  if (rows !== null) return textsOf(rows);
  const inspected = await inspect(data, signal);
  return inspected.ok ? textsOf(inspected.value.preview) : null;
}

const textsOf = (rows: readonly (readonly Message[])[]): string[] => rows.flatMap((row) => row.map(({ content }) => content));

/** One discovery on this disk: what was seen already, and what may still be read. */
class Search {
  readonly proposals: DataProposal[] = [];
  readonly #allowance: Allowance;
  readonly #seen = new Set<string>();
  readonly #licences = new Map<string, Promise<string | null>>();
  #filesLeft: number;
  #bytesLeft: number;

  constructor(private readonly options: DiscoveryOptions, private readonly limits: DiscoveryLimits, private readonly goal: string, readonly training: readonly string[] | null, private readonly signal: AbortSignal) {
    this.#allowance = { signal, deepest: limits.deepest, entriesLeft: limits.entries };
    this.#filesLeft = limits.files;
    this.#bytesLeft = limits.totalBytes;
  }

  leaveOut(real: string): void {
    this.#seen.add(real);
  }

  async folder(path: string, origin: "folder" | "library"): Promise<void> {
    const root = await realpath(path).catch(() => null);
    if (root === null) return;
    for await (const file of dataFiles(root, root, this.#allowance)) {
      if (file.kind === "refused" || file.kind === "script" || this.#isKnown(file)) continue;
      const proposal = await this.#judge(file, origin, plainTitle(file.name, 120), root);
      // Folders are full of JSON that holds settings and the like; a file that is no table of rows is not worth a line.
      if (proposal !== null && (proposal.usable || proposal.format !== null || !/\.json$/iu.test(file.name))) this.proposals.push(proposal);
    }
  }

  async cache(path: string): Promise<void> {
    const root = await realpath(path).catch(() => null);
    if (root === null) return;
    for await (const dataset of cachedDatasets(root, this.#allowance)) {
      const readable = dataset.files.filter(({ kind, name }) => kind === "read" && !/(?:^|\/)(?:dataset_infos?|state|config|tokenizer\w*|package)\.json$/iu.test(name));
      const chosen = readable.sort((left, right) => trainFirst(left.name) - trainFirst(right.name) || (left.name < right.name ? -1 : 1)).slice(0, filesOfOneCachedDataset);
      for (const file of chosen) {
        if (this.#isKnown(file)) continue;
        const proposal = await this.#judge(file, "hf-cache", plainTitle(`${dataset.id}: ${file.name}`, 160), root);
        if (proposal !== null) this.proposals.push(proposal);
      }
      if (chosen.length === 0 && dataset.files.length > 0) this.proposals.push(await this.#closed(dataset, root));
    }
  }

  #isKnown(file: FoundFile): boolean {
    if (this.#seen.has(file.real)) return true;
    this.#seen.add(file.real);
    return false;
  }

  /** null when time ran out or it was stopped: then nothing is known of the file. */
  async #judge(file: FoundFile, origin: DataProposal["origin"], name: string, root: string): Promise<DataProposal | null> {
    const licence = await this.#licence(dirname(file.path), root);
    const basic = { origin, name, location: file.path, format: null, rows: null, sizeBytes: file.sizeBytes, licence, overlappingRows: null, relevance: relevanceOf(this.goal, this.training, [name]), usable: false };
    const extension = /\.(\w+)$/u.exec(file.name)?.[1]?.toLowerCase() ?? "";
    if (file.kind === "packed") return { ...basic, reason: "It is packed; unpack it first." };
    if (file.kind === "unread") return { ...basic, format: extension, reason: `Its rows are in ${extension}, which cannot be read yet; JSON lines and CSV can.` };
    if (file.sizeBytes > this.limits.fileBytes || file.sizeBytes > this.#bytesLeft || this.#filesLeft <= 0) {
      return { ...basic, reason: "It was not read, because this search reads only so much; choose it by hand to inspect it." };
    }
    this.#filesLeft -= 1;
    this.#bytesLeft -= file.sizeBytes;
    const inspected = await this.options.inspect(file.real, this.signal);
    if (isOver(this.signal)) return null;
    if (!inspected.ok) return { ...basic, reason: whyUnreadable(inspected.error.code) };
    const { report, preview } = inspected.value;
    const overlappingRows = report.accepted === 0 ? null : await this.options.overlap(file.real, this.signal).catch(() => null);
    if (isOver(this.signal)) return null;
    const usable = report.accepted >= fewestRows && (overlappingRows ?? 0) * 2 <= report.accepted;
    return {
      ...basic, format: report.format, rows: report.accepted, overlappingRows, usable,
      relevance: relevanceOf(this.goal, this.training, [name, ...textsOf(preview)]),
      reason: reasonOf(report.accepted, report.rows, report.format, licence, overlappingRows),
    };
  }

  /** A cached data set without a file that we read. */
  async #closed(dataset: CachedDataset, root: string): Promise<DataProposal> {
    const has = (kind: FoundFile["kind"]): boolean => dataset.files.some((file) => file.kind === kind);
    const table = dataset.files.find(({ kind }) => kind === "unread");
    const reason = table !== undefined ? "Its rows are in Parquet or Arrow, which cannot be read yet; JSON lines and CSV can."
      : has("packed") ? "It is packed; unpack it first."
      : has("refused") ? "It holds pickled files, which can run code when they are opened, so they are refused."
      : has("script") ? "It needs a loading script, and scripts of others are never run."
      : "It holds no file with rows.";
    const name = plainTitle(dataset.id, 160);
    return {
      origin: "hf-cache", name, location: dataset.folder, format: table === undefined ? null : /\.(\w+)$/u.exec(table.name)?.[1]?.toLowerCase() ?? null, rows: null,
      sizeBytes: dataset.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), licence: await this.#licence(dataset.folder, root), overlappingRows: null,
      relevance: relevanceOf(this.goal, this.training, [name]), usable: false, reason,
    };
  }

  #licence(folder: string, root: string): Promise<string | null> {
    const known = this.#licences.get(folder) ?? licenceBeside(folder, root);
    this.#licences.set(folder, known);
    return known;
  }
}

const trainFirst = (name: string): number => (/train/iu.test(name) ? 0 : /test|valid|dev|eval/iu.test(name) ? 2 : 1);

function reasonOf(accepted: number, rows: number, format: string, licence: string | null, overlapping: number | null): string {
  if (accepted < fewestRows) return `It holds ${accepted} usable rows; at least ${fewestRows} are needed to train and to measure.`;
  if ((overlapping ?? 0) * 2 > accepted) return `${overlapping ?? 0} of its ${accepted} rows repeat held-out rows of this task, so training on it would spoil the measurement.`;
  const unread = rows > accepted ? `, ${rows - accepted} more cannot be used` : "";
  const repeats = (overlapping ?? 0) > 0 ? `; ${overlapping ?? 0} rows repeat held-out rows and have to be left out` : "";
  return `${accepted} rows in the ${format} layout${unread}, ${licence === null ? "no licence stated" : `licence ${licence}`}${repeats}.`;
}

/** In our own words: what a file says of itself does not belong into a sentence of ours. */
function whyUnreadable(code: string): string {
  switch (code) {
    case "data.columns": return "Its columns fit none of the layouts that can be read.";
    case "data.empty": return "It holds no rows with a request and an answer.";
    case "data.not_text": return "It is not text, whatever its name says.";
    case "data.format": return "It is neither JSON nor a table with columns.";
    case "data.no_json": return "Its rows are broken.";
    default: return "It cannot be read.";
  }
}

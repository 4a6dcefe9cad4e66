import { setTimeout as sleep } from "node:timers/promises";
import { assertNever, err, fail, ok, type Clock, type OnlineResult, type OnlineSource, type Result } from "../../contract/index.js";
import { plainTitle } from "../readers/plain-text.js";
import { arxivUrl, parseArxiv } from "./arxiv.js";
import { fetchText, offlineFailure, type Fetch } from "./fetch-text.js";
import { papersUrl, parseDatasets, parseModels, parsePapers, repositoriesUrl, type FoundDataset } from "./hugging-face.js";
import { createLane, type Lane, type Wait } from "./lane.js";
import { parseSemanticScholar, semanticScholarUrl } from "./semantic-scholar.js";

/** Where the services are asked; each ends with a slash. */
export interface BaseUrls {
  readonly arxiv: string;
  readonly semanticScholar: string;
  readonly huggingFace: string;
}

export const defaultBaseUrls: BaseUrls = {
  arxiv: "https://export.arxiv.org/api/",
  semanticScholar: "https://api.semanticscholar.org/graph/v1/",
  huggingFace: "https://huggingface.co/api/",
};

/**
 * Milliseconds from one request to the next. arXiv: one every three seconds over one connection (its API terms of use).
 * Semantic Scholar without a key: 100 in five minutes for everybody together. Hugging Face: 500 in five minutes for an address.
 */
export const requestIntervalMs = { arxiv: 3000, semanticScholar: 3000, huggingFace: 600 } as const;

export interface OnlineOptions {
  /** The offline switch; asked before every connection. */
  readonly isOffline: () => boolean;
  readonly fetch?: Fetch;
  readonly baseUrls?: Partial<BaseUrls>;
  readonly clock: Pick<Clock, "now">;
  readonly wait?: Wait;
  readonly timeoutMs?: number;
  /** Tests only: plain HTTP to 127.0.0.1. */
  readonly allowLoopback?: boolean;
}

export interface Online {
  /** At most 20 results, cleaned and bounded. Errors: ENV `offline` (nothing was opened), `online.*`; CONFIG `online.*`; CANCELLED. */
  search(source: OnlineSource, query: string, signal: AbortSignal): Promise<Result<readonly OnlineResult[]>>;
  /** The hub's data sets with what discovery needs besides. Same errors. */
  datasets(query: string, signal: AbortSignal): Promise<Result<readonly FoundDataset[]>>;
}

export function createOnline(options: OnlineOptions): Online {
  const { clock, isOffline } = options;
  const baseUrls = { ...defaultBaseUrls, ...options.baseUrls };
  const wait: Wait = options.wait ?? (async (milliseconds, signal) => { await sleep(milliseconds, undefined, { signal }); });
  const lane = (name: string, intervalMs: number): Lane => createLane({ name, intervalMs, clock, wait });
  const lanes = {
    arxiv: lane("arXiv", requestIntervalMs.arxiv),
    semanticScholar: lane("Semantic Scholar", requestIntervalMs.semanticScholar),
    huggingFace: lane("Hugging Face", requestIntervalMs.huggingFace),
  };

  async function ask<Value>(service: keyof BaseUrls, query: string, urlOf: (base: string, words: string) => URL | null, parse: (text: string) => Result<Value>, signal: AbortSignal): Promise<Result<Value>> {
    if (isOffline()) return err(offlineFailure);
    const words = plainTitle(query, 300);
    const url = words === "" ? null : urlOf(baseUrls[service], words);
    if (url === null) return fail("CONFIG", "online.query", "There is no word to search for.", "Type one or more words.");
    const text = await fetchText({
      url, name: { arxiv: "arXiv", semanticScholar: "Semantic Scholar", huggingFace: "Hugging Face" }[service],
      accept: service === "arxiv" ? "application/atom+xml" : "application/json", lane: lanes[service],
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)), isOffline, allowLoopback: options.allowLoopback ?? false, timeoutMs: options.timeoutMs ?? 20_000,
    }, signal);
    return text.ok ? parse(text.value) : text;
  }

  const datasets: Online["datasets"] = (query, signal) => ask("huggingFace", query, (base, words) => repositoriesUrl(base, "datasets", words), parseDatasets, signal);

  return {
    datasets,
    async search(source, query, signal) {
      switch (source) {
        case "arxiv": return distinct(await ask("arxiv", query, arxivUrl, parseArxiv, signal));
        case "semantic-scholar": return distinct(await ask("semanticScholar", query, semanticScholarUrl, parseSemanticScholar, signal));
        case "hf-papers": return distinct(await ask("huggingFace", query, papersUrl, parsePapers, signal));
        case "hf-models": return distinct(await ask("huggingFace", query, (base, words) => repositoriesUrl(base, "models", words), parseModels, signal));
        case "hf-datasets": {
          const found = await datasets(query, signal);
          return found.ok ? distinct(ok(found.value.map(({ result }) => result))) : found;
        }
        default: return assertNever(source);
      }
    },
  };
}

function distinct(found: Result<readonly OnlineResult[]>): Result<readonly OnlineResult[]> {
  if (!found.ok) return found;
  return ok([...new Map(found.value.map((result) => [result.id, result])).values()]);
}

import { z } from "zod";
import { ok, type OnlineResult, type Result } from "../../contract/index.js";
import { cleanCount, cleanIdentifier, cleanText, cleanYear } from "./clean-text.js";
import { limits, parseJsonAnswer, unreadable } from "./limits.js";

/** A data set of the hub with what a proposal needs besides. */
export interface FoundDataset {
  readonly result: OnlineResult;
  /** Of all its splits, as its card counts them; null where the card does not. */
  readonly rows: number | null;
  /** Its files' format by the hub's own tag ("json", "parquet", ...). */
  readonly format: string | null;
  /** Someone has to sign in and agree to terms first. */
  readonly isGated: boolean;
}

const common = ["author", "cardData", "createdAt", "downloads", "gated", "private", "tags", "usedStorage"] as const;
const expanded = { models: [...common, "pipeline_tag", "library_name", "safetensors", "gguf"], datasets: [...common, "description"] } as const;

export function papersUrl(base: string, query: string): URL {
  const url = new URL("papers/search", base);
  url.search = new URLSearchParams({ q: query }).toString();
  return url;
}

/** GET /api/models and /api/datasets of the hub's OpenAPI description; `expand` names the fields wanted and leaves the rest out. */
export function repositoriesUrl(base: string, kind: "models" | "datasets", query: string): URL {
  const url = new URL(kind, base);
  url.search = new URLSearchParams([["search", query], ["sort", "downloads"], ["direction", "-1"], ["limit", String(limits.results)], ...expanded[kind].map((field) => ["expand[]", field] as [string, string])]).toString();
  return url;
}

const name = "Hugging Face";
const paperSchema = z.object({
  paper: z.object({
    id: z.string().regex(/^\d{4}\.\d{4,5}$/u),
    title: z.string(),
    summary: z.string().nullish(),
    publishedAt: z.string().nullish(),
    authors: z.array(z.object({ name: z.string().nullish() })).nullish(),
  }),
});

export const parsePapers = (text: string): Result<readonly OnlineResult[]> => parseList(text, (value) => {
  const parsed = paperSchema.safeParse(value);
  if (!parsed.success) return null;
  const { id, title, summary, publishedAt, authors } = parsed.data.paper;
  const plain = cleanText(title, limits.titleCharacters);
  if (plain === "") return null;
  return {
    source: "hf-papers", id, title: plain,
    authors: (authors ?? []).slice(0, limits.authors).map((author) => cleanText(author.name ?? "", limits.authorCharacters)).filter((each) => each !== ""),
    year: cleanYear(publishedAt), summary: cleanText(summary ?? "", limits.summaryCharacters),
    url: `https://huggingface.co/papers/${id}`, licence: null, sizeBytes: null, downloads: null,
  };
});

const repositorySchema = z.object({
  id: z.string().max(200).regex(/^(?:[\w.-]{1,96}\/)?[\w.-]{1,96}$/u).refine((id) => !id.split("/").some((part) => part === "." || part === "..")),
  author: z.string().nullish(),
  cardData: z.record(z.string(), z.unknown()).nullish().catch(null),
  createdAt: z.string().nullish().catch(null),
  downloads: z.unknown().optional(),
  gated: z.union([z.boolean(), z.string()]).nullish().catch(null),
  tags: z.array(z.string()).nullish().catch(null),
  usedStorage: z.unknown().optional(),
  description: z.string().nullish().catch(null),
  pipeline_tag: z.string().nullish().catch(null),
  library_name: z.string().nullish().catch(null),
  safetensors: z.object({ total: z.number() }).nullish().catch(null),
  gguf: z.object({ total: z.number() }).nullish().catch(null),
});
type Repository = z.output<typeof repositorySchema>;

export const parseModels = (text: string): Result<readonly OnlineResult[]> => parseList(text, (value) => {
  const parsed = repositorySchema.safeParse(value);
  return parsed.success ? { ...resultOf(parsed.data, "hf-models"), summary: modelSummary(parsed.data) } : null;
});

export const parseDatasets = (text: string): Result<readonly FoundDataset[]> => parseList(text, (value) => {
  const parsed = repositorySchema.safeParse(value);
  if (!parsed.success) return null;
  const { cardData, description, gated, tags } = parsed.data;
  return {
    result: { ...resultOf(parsed.data, "hf-datasets"), summary: cleanText(description ?? "", limits.summaryCharacters) },
    rows: rowsOf(cardData?.dataset_info),
    format: cleanIdentifier(tagValue(tags, "format:"), 20),
    isGated: gated !== false && gated !== null && gated !== undefined,
  };
});

function resultOf(repository: Repository, source: "hf-models" | "hf-datasets"): OnlineResult {
  const author = cleanText(repository.author ?? repository.id.split("/")[0] ?? "", limits.authorCharacters);
  return {
    source, id: repository.id, title: repository.id, authors: author === "" || !repository.id.includes("/") ? [] : [author],
    year: cleanYear(repository.createdAt), summary: "", url: `https://huggingface.co/${source === "hf-datasets" ? "datasets/" : ""}${repository.id}`,
    licence: licenceOf(repository), sizeBytes: cleanCount(repository.usedStorage), downloads: cleanCount(repository.downloads),
  };
}

/** The card's own word first, then the hub's tag. "other" says nothing; the name beside it does. */
function licenceOf({ cardData, tags }: Repository): string | null {
  const said: unknown = cardData?.license;
  const all = (Array.isArray(said) ? said : [said]).flatMap((each) => cleanIdentifier(each, limits.licenceCharacters) ?? []);
  const licence = all.length > 0 ? all.slice(0, 3).join(", ") : cleanIdentifier(tagValue(tags, "license:"), limits.licenceCharacters);
  return licence === "other" ? cleanIdentifier(cardData?.license_name, limits.licenceCharacters) ?? licence : licence === "unknown" ? null : licence;
}

const tagValue = (tags: readonly string[] | null | undefined, prefix: string): string | undefined => tags?.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);

function modelSummary({ pipeline_tag, library_name, safetensors, gguf, gated }: Repository): string {
  const parameters = cleanCount(gguf?.total) ?? cleanCount(safetensors?.total);
  const parts = [pipeline_tag, library_name, parameters === null ? null : `${(parameters / 1e9).toFixed(parameters < 1e10 ? 1 : 0)} billion parameters`, gguf === null || gguf === undefined ? null : "GGUF", gated === false || gated === null || gated === undefined ? null : "sign-in needed"];
  return cleanText(parts.filter((part) => part !== null && part !== undefined && part !== "").join(", "), limits.summaryCharacters);
}

const infoSchema = z.object({ splits: z.array(z.object({ num_examples: z.number().int().nonnegative() })).max(200) });

/** `dataset_info` is one configuration or several; rows of several are different views more often than different rows, so the largest counts. */
function rowsOf(info: unknown): number | null {
  const counts = (Array.isArray(info) ? info.slice(0, 200) : [info]).flatMap((each) => {
    const parsed = infoSchema.safeParse(each);
    return parsed.success && parsed.data.splits.length > 0 ? [parsed.data.splits.reduce((sum, split) => sum + split.num_examples, 0)] : [];
  });
  return counts.length === 0 ? null : cleanCount(Math.max(...counts));
}

function parseList<Value>(text: string, convert: (value: unknown) => Value | null): Result<readonly Value[]> {
  const json = parseJsonAnswer(text, name);
  if (!json.ok) return json;
  if (!Array.isArray(json.value)) return unreadable(name);
  const values: readonly unknown[] = json.value.slice(0, limits.results);
  const results = values.flatMap((value) => convert(value) ?? []);
  return values.length > 0 && results.length === 0 ? unreadable(name) : ok(results);
}

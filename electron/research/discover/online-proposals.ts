import { ok, type DataProposal, type Result } from "../../contract/index.js";
import type { FoundDataset, Online } from "../online/index.js";
import { relevanceOf, searchWords } from "./words.js";

const fewResults = 3;
const readableFormats = new Set(["json", "csv"]);

/** What the hub has for a goal: the two rarest words together, then each alone while that gave little. At most three requests. */
export async function onlineProposals(online: Pick<Online, "datasets">, goal: string, trainingTexts: readonly string[] | null, signal: AbortSignal): Promise<Result<readonly DataProposal[]>> {
  const words = searchWords(goal, 2);
  const queries = words.length === 2 ? [words.join(" "), ...words] : words;
  const found = new Map<string, DataProposal>();
  for (const query of queries) {
    const answer = await online.datasets(query, signal);
    // What an earlier question brought is not thrown away because a later one failed.
    if (!answer.ok) return found.size > 0 ? ok([...found.values()]) : answer;
    for (const dataset of answer.value) if (!found.has(dataset.result.id)) found.set(dataset.result.id, proposalOf(dataset, goal, trainingTexts));
    if (found.size >= fewResults) break;
  }
  return ok([...found.values()]);
}

function proposalOf({ result, rows, format, isGated }: FoundDataset, goal: string, trainingTexts: readonly string[] | null): DataProposal {
  const usable = !isGated && format !== null && readableFormats.has(format);
  return {
    origin: "huggingface", name: result.id, location: result.url, format, rows, sizeBytes: result.sizeBytes, licence: result.licence, overlappingRows: null,
    relevance: relevanceOf(goal, trainingTexts, [result.id, result.summary]), usable, reason: reasonOf(usable, isGated, format, rows, result.licence),
  };
}

function reasonOf(usable: boolean, isGated: boolean, format: string | null, rows: number | null, licence: string | null): string {
  if (isGated) return "Its owner asks for a sign-in and consent first, which has to be done on the hub.";
  if (!usable) return format === null ? "The hub does not say which format its files have, so it has to be looked at there first." : `Its files are ${format}, which cannot be read yet; JSON lines and CSV can.`;
  return `On the hub, not on this disk: ${rows === null ? "rows are not counted" : `${rows} rows`}, ${licence === null ? "no licence stated" : `licence ${licence}`}; download it, then inspect it here.`;
}

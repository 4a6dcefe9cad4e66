import { join } from "node:path";
import { exampleSchema, type Example, type Result, type SplitName } from "../contract/index.js";
import { readJsonLines } from "../store/index.js";

/** Rows may hold a million characters, each of up to four bytes and more when escaped. */
export const longestLineBytes = 16 * 2 ** 20;

/** dev-select and the vault lie apart from what agents' tools may see, readable by the user alone. */
export function splitPath(runDirectory: string, split: SplitName): string {
  const sealed = split === "dev-select" || split === "vault";
  return join(runDirectory, sealed ? "vault" : "data", `${split}.jsonl`);
}

export const shotsPath = (runDirectory: string): string => join(runDirectory, "data", "shots.jsonl");
export const coverageShotsPath = (runDirectory: string): string => join(runDirectory, "data", "coverage-shots.jsonl");

/** What `prepare` found out, as JSON. */
export const importPath = (runDirectory: string): string => join(runDirectory, "data", "import.json");

/** The rows of a split in their fixed order. */
export const readSplit = (runDirectory: string, split: SplitName): Promise<Result<readonly Example[]>> => readJsonLines(splitPath(runDirectory, split), exampleSchema, { maximumLineBytes: longestLineBytes });

/** The run's worked examples, in the order in which they are shown. */
export const readShots = (runDirectory: string): Promise<Result<readonly Example[]>> => readJsonLines(shotsPath(runDirectory), exampleSchema, { maximumLineBytes: longestLineBytes });

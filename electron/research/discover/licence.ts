import { dirname, join } from "node:path";
import { parse } from "yaml";
import { cleanIdentifier } from "../online/clean-text.js";
import { beginningOf } from "./files.js";

const mostBytes = 64 * 1024;
const mostCharacters = 60;

/** First lines people know, and the names the hub has for them. The narrower first. */
const known: readonly (readonly [RegExp, string])[] = [
  [/\bMIT License\b/iu, "mit"],
  [/\bApache License\b[\s\S]{0,80}\bVersion 2\.0\b/iu, "apache-2.0"],
  [/\bAttribution-NonCommercial-ShareAlike 4\.0\b/iu, "cc-by-nc-sa-4.0"],
  [/\bAttribution-NonCommercial 4\.0\b/iu, "cc-by-nc-4.0"],
  [/\bAttribution-ShareAlike 4\.0\b/iu, "cc-by-sa-4.0"],
  [/\bAttribution 4\.0\b/iu, "cc-by-4.0"],
  [/\bCC0 1\.0\b/iu, "cc0-1.0"],
  [/\bGNU AFFERO GENERAL PUBLIC LICENSE\b/iu, "agpl-3.0"],
  [/\bGNU GENERAL PUBLIC LICENSE\b[\s\S]{0,80}\bVersion 3\b/iu, "gpl-3.0"],
];

/** The licence that the folder of a data file states, or one of the three above it up to `root`: its card's word first, then a licence file. */
export async function licenceBeside(folder: string, root: string): Promise<string | null> {
  for (let at = folder, steps = 0; steps < 4; at = dirname(at), steps += 1) {
    const card = await beginningOf(join(at, "README.md"), root, mostBytes);
    const stated = card === null ? null : licenceOfCard(card);
    if (stated !== null) return stated;
    for (const name of ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "COPYING"]) {
      const text = await beginningOf(join(at, name), root, mostBytes);
      const licence = text === null ? null : licenceOfText(text);
      if (licence !== null) return licence;
    }
    if (at === root) break;
  }
  return null;
}

/** `license:` in the YAML block at the top of a data set's README (the hub's data set cards). */
export function licenceOfCard(text: string): string | null {
  const block = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/u.exec(text)?.[1];
  if (block === undefined) return null;
  try {
    // No aliases: a few lines of them make millions of values.
    const card: unknown = parse(block, { maxAliasCount: 0, logLevel: "silent" });
    if (typeof card !== "object" || card === null || !("license" in card)) return null;
    const said: unknown = card.license;
    const names = (Array.isArray(said) ? said : [said]).flatMap((each) => cleanIdentifier(each, mostCharacters) ?? []).slice(0, 3);
    const licence = names.join(", ");
    if (licence === "other" && "license_name" in card) return cleanIdentifier(card.license_name, mostCharacters) ?? licence;
    return licence === "" || licence === "unknown" ? null : licence;
  } catch {
    return null;
  }
}

/** What a licence file is called by everybody, else its first line. */
export function licenceOfText(text: string): string | null {
  const head = text.slice(0, 2000);
  const name = known.find(([shape]) => shape.test(head))?.[1];
  return name ?? cleanIdentifier(head.split(/\r?\n/u).find((line) => line.trim() !== "")?.slice(0, mostCharacters), mostCharacters);
}

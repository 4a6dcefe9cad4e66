import type { Dirent } from "node:fs";
import { open, opendir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";

/** Read: what our importer knows. Unread: rows we cannot read yet. Packed: unpack first. Refused: loading it could run code. */
export type FileKind = "read" | "unread" | "packed" | "refused" | "script";

export interface FoundFile {
  /** As it was reached; may be a link. */
  readonly path: string;
  /** Where it lies. Only this is ever opened. */
  readonly real: string;
  /** From the folder it was found in. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly kind: FileKind;
}

/** What one discovery may still do; shared by all folders it goes through. */
export interface Allowance {
  readonly signal: AbortSignal;
  readonly deepest: number;
  entriesLeft: number;
}

const kinds: readonly (readonly [RegExp, FileKind])[] = [
  [/\.(?:jsonl|ndjson|json|csv|tsv)$/iu, "read"],
  [/\.(?:parquet|arrow|feather)$/iu, "unread"],
  [/\.(?:jsonl|ndjson|json|csv|tsv)\.(?:gz|zst|bz2|xz)$|\.zip$/iu, "packed"],
  [/\.(?:bin|pt|pth|pkl|pickle|ckpt|joblib|npy|npz|h5)$/iu, "refused"],
  [/\.py$/iu, "script"],
];

export const kindOf = (name: string): FileKind | null => kinds.find(([shape]) => shape.test(name))?.[1] ?? null;

/** Control and direction characters: a path with them cannot be shown for what it is. */
const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const skipped = new Set(["node_modules", "__pycache__", "site-packages"]);

/**
 * Files of a data set's kinds below `folder`, names in order. Folders behind links are not entered; a file behind a link
 * counts only where it really lies inside `root`. Stops quietly when the allowance is used up or `signal` aborts.
 */
export async function* dataFiles(folder: string, root: string, allowance: Allowance, depth = 0, prefix = ""): AsyncGenerator<FoundFile> {
  // Files before folders, so that one deep branch does not use up what the files beside it need.
  for (const entry of (await entriesOf(folder, allowance)).sort((left, right) => Number(left.isDirectory()) - Number(right.isDirectory()) || (left.name < right.name ? -1 : 1))) {
    allowance.entriesLeft -= 1;
    if (allowance.signal.aborted || allowance.entriesLeft < 0) return;
    if (entry.name.startsWith(".") || unshowable.test(entry.name)) continue;
    const path = join(folder, entry.name);
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depth < allowance.deepest && !skipped.has(entry.name)) yield* dataFiles(path, root, allowance, depth + 1, name);
      continue;
    }
    const kind = kindOf(entry.name);
    if (kind === null || (!entry.isFile() && !entry.isSymbolicLink())) continue;
    const inside = await realInside(path, root);
    if (inside !== null && inside.sizeBytes > 0) yield { path, name, kind, ...inside };
  }
}

/** No more than may still be looked at, so that a folder of a million names costs no more than a small one. */
async function entriesOf(folder: string, allowance: Allowance): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  try {
    for await (const entry of await opendir(folder)) if (entries.push(entry) > allowance.entriesLeft || allowance.signal.aborted) break;
  } catch {
    // A folder that may not be read, or is gone, holds nothing for us.
  }
  return entries;
}

/** Where a path leads and how large that file is; null unless it is a file inside `root`. */
export async function realInside(path: string, root: string): Promise<{ readonly real: string; readonly sizeBytes: number } | null> {
  try {
    const real = await realpath(path);
    const way = relative(root, real);
    if (way === "" || way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way)) return null;
    const facts = await stat(real);
    return facts.isFile() ? { real, sizeBytes: facts.size } : null;
  } catch {
    return null;
  }
}

/** The beginning of a small text file inside `root`; null where there is none. */
export async function beginningOf(path: string, root: string, mostBytes: number): Promise<string | null> {
  const inside = await realInside(path, root);
  if (inside === null) return null;
  try {
    const handle = await open(inside.real, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

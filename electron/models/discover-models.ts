import { lstat, open, readdir, readFile, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, isAbsolute, join, relative, sep } from "node:path";
import { z } from "zod";

export const modelSources = ["user", "lm-studio", "ollama", "hugging-face", "jan"] as const;
export type ModelSource = (typeof modelSources)[number];

export interface DiscoveredModel {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly source: ModelSource;
}

export interface DiscoveryHome {
  readonly source: ModelSource;
  readonly path: string;
}

export interface DiscoverOptions {
  readonly homes: readonly DiscoveryHome[];
  /** Folders below a home that are still entered. */
  readonly deepest?: number;
  readonly mostEntries?: number;
  readonly timeLimitMs?: number;
}

/** Where the stores lie on this machine: their own variables first, then their defaults (field/desktop.md, section 6). */
export function defaultHomes(userFolders: readonly string[] = [], environment: NodeJS.ProcessEnv = process.env, home: string = homedir()): DiscoveryHome[] {
  const huggingFace = environment.HF_HUB_CACHE ?? (environment.HF_HOME === undefined ? join(home, ".cache", "huggingface", "hub") : join(environment.HF_HOME, "hub"));
  const jan = process.platform === "win32" ? join(environment.APPDATA ?? join(home, "AppData", "Roaming"), "Jan", "data")
    : process.platform === "darwin" ? join(home, "Library", "Application Support", "Jan", "data")
    : join(environment.XDG_DATA_HOME ?? join(home, ".local", "share"), "Jan", "data");
  return [
    ...userFolders.map((path) => ({ source: "user" as const, path })),
    { source: "lm-studio", path: join(home, ".lmstudio", "models") },
    { source: "lm-studio", path: join(home, ".cache", "lm-studio", "models") },
    { source: "ollama", path: environment.OLLAMA_MODELS ?? join(home, ".ollama", "models") },
    ...(process.platform === "linux" ? [{ source: "ollama" as const, path: "/usr/share/ollama/.ollama/models" }] : []),
    { source: "hugging-face", path: huggingFace },
    { source: "jan", path: jan },
    { source: "jan", path: join(home, "jan") },
  ];
}

/**
 * The GGUF models in these folders, without writing, opening a socket or following a link out of its home (the
 * Hugging Face cache links inside itself; that is followed). Folders that cannot be read are left out: finding
 * nothing is an ordinary answer. Stops quietly at its limits or when `signal` aborts, with what it has.
 */
export async function discoverModels(options: DiscoverOptions, signal: AbortSignal): Promise<DiscoveredModel[]> {
  const walk: Walk = { signal, deepest: options.deepest ?? 6, entriesLeft: options.mostEntries ?? 20_000, endMs: performance.now() + (options.timeLimitMs ?? 5_000) };
  const found = new Map<string, DiscoveredModel>();
  for (const home of options.homes) {
    const root = await realpath(home.path).catch(() => null);
    if (root === null) continue;
    const models = home.source === "ollama" ? await ollamaModels(root, walk) : await ggufFiles(root, home.source, walk);
    // The same file may be reached twice, through two homes or two links.
    for (const { real, model } of models) if (!found.has(real)) found.set(real, model);
  }
  return [...found.values()].sort((left, right) => left.name.localeCompare(right.name));
}

interface Walk { readonly signal: AbortSignal; readonly deepest: number; readonly endMs: number; entriesLeft: number }
interface Found { readonly real: string; readonly model: DiscoveredModel }

function isOver(walk: Walk): boolean {
  return walk.signal.aborted || walk.entriesLeft <= 0 || performance.now() > walk.endMs;
}

/** Files below `root`, folders by folder; a folder behind a link is not entered, so there are no circles. */
async function* filesBelow(root: string, walk: Walk, depth = 0): AsyncGenerator<string> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((left, right) => left.name.localeCompare(right.name))) {
    walk.entriesLeft -= 1;
    if (isOver(walk)) return;
    const path = join(root, entry.name);
    if (entry.isDirectory()) {
      if (depth < walk.deepest) yield* filesBelow(path, walk, depth + 1);
    } else if (entry.isFile() || entry.isSymbolicLink()) yield path;
  }
}

async function ggufFiles(root: string, source: ModelSource, walk: Walk): Promise<Found[]> {
  const found: Found[] = [];
  for await (const path of filesBelow(root, walk)) {
    if (!/\.gguf$/i.test(path) || isLaterPart(path) || /mmproj/i.test(basename(path))) continue;
    const real = await realpath(path).catch(() => null);
    // A link may lead anywhere, such as to a device; only files inside the same store count.
    if (real === null || !isInside(root, real)) continue;
    const sizeBytes = await ggufSize(real);
    if (sizeBytes !== null) found.push({ real, model: { path, name: basename(path).replace(/\.gguf$/i, ""), sizeBytes, source } });
  }
  return found;
}

/** Big models come in parts; llama.cpp is given the first and finds the others. */
function isLaterPart(path: string): boolean {
  const part = /-(\d{5})-of-\d{5}\.gguf$/i.exec(path)?.[1];
  return part !== undefined && part !== "00001";
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== "" && !way.startsWith(`..${sep}`) && way !== ".." && !isAbsolute(way);
}

/** Size when the file begins as a GGUF does, else null. */
async function ggufSize(path: string): Promise<number | null> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) return null;
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      return bytesRead === 4 && buffer.toString("latin1") === "GGUF" ? facts.size : null;
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

const manifestSchema = z.object({ layers: z.array(z.object({ mediaType: z.string(), digest: z.string() })) });
const manifestBytesLimit = 1 << 20;

/** manifests/<host>/<namespace>/<model>/<tag> is JSON; its model layer's digest names the blob. */
async function ollamaModels(root: string, walk: Walk): Promise<Found[]> {
  const found: Found[] = [];
  const manifests = join(root, "manifests");
  for await (const path of filesBelow(manifests, walk)) {
    const digest = await modelDigest(path);
    if (digest === null) continue;
    const blob = join(root, "blobs", digest.replace(":", "-"));
    const real = await realpath(blob).catch(() => null);
    if (real === null || !isInside(root, real)) continue;
    const sizeBytes = await ggufSize(real);
    if (sizeBytes === null) continue;
    const [model, tag] = relative(manifests, path).split(sep).slice(-2);
    found.push({ real, model: { path: blob, name: `${model ?? ""}:${tag ?? ""}`, sizeBytes, source: "ollama" } });
  }
  return found;
}

async function modelDigest(path: string): Promise<string | null> {
  try {
    const facts = await lstat(path);
    if (!facts.isFile() || facts.size > manifestBytesLimit) return null;
    const manifest = manifestSchema.parse(JSON.parse(await readFile(path, "utf8")));
    const digest = manifest.layers.find((layer) => layer.mediaType === "application/vnd.ollama.image.model")?.digest;
    return digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : null;
  } catch {
    return null;
  }
}

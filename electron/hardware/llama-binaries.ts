import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";

/** node-llama-cpp's prebuilt binaries for this platform, found without loading any of them. */
export interface LlamaBinaries {
  readonly version: string | null;
  readonly cpu: boolean;
  readonly vulkan: boolean;
  readonly cuda: boolean;
  readonly metal: boolean;
}

const packageSchema = z.object({ version: z.string() });
const platformNames: Partial<Record<NodeJS.Platform, string>> = { linux: "linux", win32: "win", darwin: "mac" };

export function findLlamaBinaries(from = import.meta.url): LlamaBinaries {
  const require = createRequire(from);
  const system = `${platformNames[process.platform] ?? process.platform}-${process.arch}`;
  const installed = (name: string): boolean => locate(require, `@node-llama-cpp/${name}`) !== null;
  const folder = locate(require, "node-llama-cpp");
  const metal = process.platform === "darwin" && installed(`${system}-metal`);
  return {
    version: folder === null ? null : versionIn(folder),
    cpu: installed(system) || metal,
    vulkan: installed(`${system}-vulkan`),
    cuda: installed(`${system}-cuda`),
    metal,
  };
}

/** Packages may forbid `require.resolve` of their package.json, so the folders that would be searched are looked at. */
function locate(require: NodeJS.Require, name: string): string | null {
  for (const folder of require.resolve.paths(name) ?? []) {
    const candidate = path.join(folder, name);
    if (versionIn(candidate) !== null) return candidate;
  }
  return null;
}

function versionIn(folder: string): string | null {
  try {
    return packageSchema.parse(JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"))).version;
  } catch {
    // No such package, or a torn one: either way it cannot be used.
    return null;
  }
}

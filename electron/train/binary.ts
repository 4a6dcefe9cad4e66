import path from "node:path";
import { existsSync } from "node:fs";

/**
 * Where trex-train lies: `TREX_TRAIN` if set, in the installed app's resources, else in the clone's build folder.
 * The last place is returned even when nothing is there, so that the sentence about it can name a path.
 */
export function findTrainer(places: { resourcesPath: string | null; projectRoot: string; environment: Readonly<Record<string, string | undefined>> }): string {
  const name = process.platform === "win32" ? "trex-train.exe" : "trex-train";
  const chosen = places.environment.TREX_TRAIN;
  if (chosen !== undefined && chosen !== "") return chosen;
  const installed = places.resourcesPath === null ? null : path.join(places.resourcesPath, name);
  if (installed !== null && existsSync(installed)) return installed;
  const build = path.join(places.projectRoot, "native-trainer", "build");
  const inRelease = path.join(build, "Release", name);
  return existsSync(inRelease) ? inRelease : path.join(build, name);
}

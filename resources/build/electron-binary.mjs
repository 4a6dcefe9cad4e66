import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Where Electron's binary lies, or null. The package is not required to find out: from version 42 on, requiring it
 * without a binary starts a download.
 */
export function electronBinary(environment = process.env) {
  const folder = fileURLToPath(new URL("../../node_modules/electron", import.meta.url));
  const pathFile = path.join(folder, "path.txt");
  const fallbackName = { win32: "electron.exe", darwin: "Electron.app/Contents/MacOS/Electron" }[process.platform] ?? "electron";
  const name = existsSync(pathFile) ? readFileSync(pathFile, "utf8").trim() : fallbackName;
  const candidates = [environment.ELECTRON_OVERRIDE_DIST_PATH, path.join(folder, "dist")]
    .filter((place) => place !== undefined)
    .map((place) => path.join(place, name));
  return candidates.find((candidate) => existsSync(candidate)) ?? null;
}

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { trexHome } from "../store/index.js";
import { findTrainer } from "../train/index.js";

/** Where everything lies, worked out once. */
export interface Places {
  /** Runs, settings and logs; the user's. */
  readonly home: string;
  /** The clone, or the app's folder inside an installation. */
  readonly projectRoot: string;
  readonly trainer: string;
  readonly renderer: string;
  readonly demo: string;
  readonly prompts: string;
  readonly cards: string;
  readonly scenarios: string;
  readonly icons: string;
  readonly logs: string;
  readonly version: string;
}

export interface PlaceOptions {
  readonly home?: string;
  /** Electron's `process.resourcesPath` in an installed app, else null. */
  readonly resourcesPath?: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function findPlaces(options: PlaceOptions): Places {
  const projectRoot = findProjectRoot();
  const resourcesPath = options.resourcesPath ?? null;
  const home = path.resolve(options.home ?? trexHome(options.environment));
  const resource = (name: string): string => {
    const installed = resourcesPath === null ? null : path.join(resourcesPath, name);
    return installed !== null && existsSync(installed) ? installed : path.join(projectRoot, "resources", name);
  };
  return {
    home,
    projectRoot,
    trainer: findTrainer({ resourcesPath, projectRoot, environment: options.environment }),
    renderer: path.join(projectRoot, "dist", "renderer"),
    demo: resource("demo"),
    prompts: resource("prompts"),
    cards: resource("cards"),
    scenarios: resource("scenarios"),
    icons: resource("icons"),
    logs: path.join(home, "logs"),
    version: readVersion(projectRoot),
  };
}

/** This file lies in electron/app or dist/electron/app; both are below the folder with package.json. */
function findProjectRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "package.json")) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  return folder;
}

function readVersion(projectRoot: string): string {
  const text = readFileSync(path.join(projectRoot, "package.json"), "utf8");
  const { version } = JSON.parse(text) as { version?: unknown };
  return typeof version === "string" ? version : "0.0.0";
}

/**
 * Electron's binary in a clone, or null. The package is not required to find out: from version 42 on, requiring it
 * without a binary starts a download.
 */
export function electronBinary(places: Places, environment: Readonly<Record<string, string | undefined>>): string | null {
  const folder = path.join(places.projectRoot, "node_modules", "electron");
  const pathFile = path.join(folder, "path.txt");
  if (!existsSync(pathFile)) return null;
  const name = readFileSync(pathFile, "utf8").trim();
  const roots = [environment.ELECTRON_OVERRIDE_DIST_PATH, path.join(folder, "dist")].filter((root) => root !== undefined);
  return roots.map((root) => path.join(root, name)).find((candidate) => existsSync(candidate)) ?? null;
}

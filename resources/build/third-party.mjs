/** Writes resources/licences/THIRD_PARTY.md: every package that ships with the app, its licence and its own notice. `node resources/build/third-party.mjs` */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));

const shipped = Object.entries(lock.packages)
  .filter(([place, entry]) => place !== "" && !entry.dev && !entry.devOptional)
  .map(([place, entry]) => ({ place, name: place.slice(place.lastIndexOf("node_modules/") + 13), version: entry.version, licence: entry.license ?? "not stated" }))
  .sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));

const noticeOf = (place) => {
  const folder = path.join(root, place);
  if (!existsSync(folder)) return null;
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  return file === undefined ? null : readFileSync(path.join(folder, file), "utf8").match(/^.*copyright .*$/im)?.[0].trim() ?? null;
};

const lines = [
  "# Third-party notices",
  "",
  "TREX Desktop ships or builds upon these. Each keeps its own licence; full texts lie in the packages themselves.",
  "",
  "| Component | Version | Licence | Notice |",
  "|---|---|---|---|",
  "| llama.cpp and ggml (source inside node-llama-cpp; linked into trex-train) | v0.4.0 | MIT | Copyright (c) 2023-2026 The ggml authors |",
  "| JSON for Modern C++ (inside llama.cpp's source; linked into trex-train) | as in llama.cpp v0.4.0 | MIT | Copyright (c) 2013-2025 Niels Lohmann |",
  ...[...new Map(shipped.map((entry) => [`${entry.name}@${entry.version}`, entry])).values()].map(
    (entry) => `| ${entry.name} | ${entry.version} | ${entry.licence} | ${(noticeOf(entry.place) ?? "").replaceAll("|", "\\|").slice(0, 160)} |`,
  ),
  "",
];
writeFileSync(path.join(root, "resources/licences/THIRD_PARTY.md"), lines.join("\n"));

/**
 * `npm test`: sets up what is missing, then runs every suite with its own output and its own closing line.
 * A suite that fails does not hide the ones after it. Names given as arguments run only those: `npm test -- unit lint`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bootstrap } from "./bootstrap.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const node = process.execPath;
const vitest = (project) => [node, ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.ts", "--project", project]];

const suites = {
  typecheck: [node, ["node_modules/typescript/bin/tsc", "--build"]],
  lint: [node, ["node_modules/eslint/bin/eslint.js", ".", "--max-warnings", "0"]],
  unit: vitest("unit"),
  native: ["ctest", ["--test-dir", "native-trainer/build", "--output-on-failure"]],
  integration: vitest("integration"),
  faults: vitest("faults"),
  e2e: [node, ["node_modules/@playwright/test/cli.js", "test", "--config", "test/playwright.config.ts"]],
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in suites));
if (unknown.length > 0) {
  process.stderr.write(`unknown suite: ${unknown.join(", ")}. Known: ${Object.keys(suites).join(", ")}\n`);
  process.exit(2);
}

bootstrap();
const failed = [];
for (const [name, [command, args]] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`\n== ${name}\n`);
  const start = Date.now();
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  const seconds = ((Date.now() - start) / 1000).toFixed(0);
  if (result.status !== 0) failed.push(name);
  process.stdout.write(`== ${name}: ${result.status === 0 ? "ok" : "FAILED"} in ${seconds} s\n`);
}
process.stdout.write(failed.length === 0 ? "\nAll suites passed.\n" : `\nFailed: ${failed.join(", ")}\n`);
process.exit(failed.length === 0 ? 0 : 1);

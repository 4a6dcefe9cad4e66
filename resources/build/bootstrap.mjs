/**
 * Brings a fresh clone to a state where everything runs, and does nothing where nothing changed.
 * Uses Node's own modules only, because it runs before anything is installed. Talks on stderr: stdout belongs to the command that follows.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const stampFolder = path.join(root, "node_modules", ".trex");
const nativeBuild = path.join(root, "native-trainer", "build");
export const trainerBinary = path.join(nativeBuild, process.platform === "win32" ? "trex-train.exe" : "trex-train");

const say = (text) => process.stderr.write(`${text}\n`);

class SetUpError extends Error {}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" && command === "npm", ...options,
  });
  if (result.error) throw new SetUpError(`could not start ${command}: ${result.error.message}`);
  if (result.status !== 0) throw new SetUpError(`${command} ${args.slice(0, 3).join(" ")} ended with ${result.status ?? result.signal}`);
}

function has(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Names, sizes and times of all files below the given paths: cheap, and changes whenever a source is saved. */
function fingerprint(paths, skip = /^(node_modules|build.*|dist)$/) {
  const hash = createHash("sha256");
  const visit = (file) => {
    if (!existsSync(file)) return;
    const stat = statSync(file);
    if (stat.isDirectory()) {
      for (const name of readdirSync(file).sort()) if (!skip.test(name)) visit(path.join(file, name));
    } else hash.update(`${path.relative(root, file)} ${stat.size} ${stat.mtimeMs}\n`);
  };
  for (const entry of paths) visit(path.join(root, entry));
  return hash.digest("hex");
}

/** Runs `work` unless the inputs are what they were and the outputs are there. */
function step(name, title, inputs, outputs, work) {
  const stampFile = path.join(stampFolder, `${name}.stamp`);
  const before = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
  if (before === inputs && outputs.every((file) => existsSync(file))) return;
  say(`· ${title}`);
  const start = Date.now();
  work();
  mkdirSync(stampFolder, { recursive: true });
  writeFileSync(stampFile, inputs);
  say(`  done in ${((Date.now() - start) / 1000).toFixed(0)} s`);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetUpError(`Node.js 20.19 or newer is needed; this is ${process.versions.node}.`);
  }
}

function installPackages() {
  const lock = createHash("sha256").update(readFileSync(path.join(root, "package-lock.json"))).digest("hex");
  step("packages", "installing packages from the lock file (npm ci; about 250 MB the first time)", lock, [path.join(root, "node_modules", "node-llama-cpp", "package.json")], () => {
    run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
  });
}

function buildTrainer() {
  const inputs = fingerprint(["native-trainer", "node_modules/node-llama-cpp/package.json"]);
  step("trainer", "building trex-train and its tests (C++; a few minutes the first time)", inputs, [trainerBinary], () => {
    if (!has("cmake")) {
      throw new SetUpError("CMake is not installed. Debian/Ubuntu: sudo apt install cmake g++ ninja-build. macOS: xcode-select --install, brew install cmake. Windows: Visual Studio Build Tools with C++ and CMake.");
    }
    const generator = existsSync(path.join(nativeBuild, "CMakeCache.txt")) || !has("ninja") ? [] : ["-G", "Ninja"];
    run("cmake", ["-S", "native-trainer", "-B", nativeBuild, "-DCMAKE_BUILD_TYPE=Release", ...generator]);
    run("cmake", ["--build", nativeBuild, "--config", "Release", "--parallel", "2"]);
  });
}

function buildHost() {
  const inputs = fingerprint(["electron", "tsconfig.json", "tsconfig.base.json", "package-lock.json"]);
  step("host", "compiling the host (TypeScript)", inputs, [path.join(root, "dist", "electron", "cli.js"), path.join(root, "dist", "electron", "preload.cjs")], () => {
    run(process.execPath, ["node_modules/typescript/bin/tsc", "--build", "electron"]);
    chmodSync(path.join(root, "dist", "electron", "cli.js"), 0o755); // what `npx trex` starts
    run(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--config", "resources/build/preload.vite.mjs", "--logLevel", "warn"]);
  });
}

function buildRenderer() {
  const inputs = fingerprint(["renderer", "electron/contract", "package-lock.json"]);
  step("renderer", "building the screens (React)", inputs, [path.join(root, "dist", "renderer", "index.html")], () => {
    run(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--config", "renderer/vite.config.ts", "--logLevel", "warn"]);
  });
}

export function bootstrap() {
  checkNode();
  installPackages();
  buildTrainer();
  buildHost();
  buildRenderer();
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    bootstrap();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    say(`\nSetting up stopped: ${error.message}\nNothing outside this folder was changed; run the same command again to go on.`);
    process.exit(1);
  }
}

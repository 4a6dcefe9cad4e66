/** `npm start`: the app in Electron when its binary is here or can be fetched, else the same app in the browser. */
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { electronBinary } from "./electron-binary.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);
const rest = process.argv.slice(2);

function obtainElectron() {
  const present = electronBinary();
  if (present !== null || process.env.TREX_OFFLINE === "1" || process.env.CI) return present;
  say("· fetching Electron's binary (once)");
  spawnSync(process.execPath, [path.join(root, "node_modules", "electron", "install.js")], { cwd: root, stdio: ["ignore", "ignore", "ignore"], timeout: 300_000 });
  return electronBinary();
}

const binary = obtainElectron();
const [command, args] = binary === null
  ? [process.execPath, [path.join(root, "dist", "electron", "cli.js"), "serve", "--open", ...rest]]
  : [binary, [root, ...rest]];
say(binary === null
  ? "Electron's binary is not here and could not be fetched: opening the app in the browser instead (trex serve, this machine only)."
  : "Opening the app in Electron.");
const child = spawn(command, args, { cwd: root, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));

import { analyseCommand } from "./analyse-command.js";
import { agentCheckCommand } from "./agent-check-command.js";
import { benchCommand } from "./bench-command.js";
import { chatCommand } from "./chat-command.js";
import type { Command } from "./command.js";
import { dataCommand } from "./data-command.js";
import { demoCommand } from "./demo-command.js";
import { doctorCommand } from "./doctor-command.js";
import { evalCommand } from "./eval-command.js";
import { exportCommand } from "./export-command.js";
import { libraryCommand } from "./library-command.js";
import { runCommand } from "./run-command.js";
import { listCommand, resumeCommand, showCommand } from "./run-commands.js";
import { serveCommand } from "./serve-command.js";
import { steerCommand } from "./steer-command.js";
import { trainCommand } from "./train-command.js";

export const commands: readonly Command[] = [
  doctorCommand, analyseCommand, runCommand, resumeCommand, steerCommand, listCommand, showCommand, exportCommand, evalCommand, dataCommand, trainCommand, chatCommand, libraryCommand,
  agentCheckCommand, benchCommand, serveCommand, demoCommand,
];

export function generalHelp(): string {
  const shown = commands.filter((command) => command.hidden !== true);
  return [
    "trex: fine-tune a language model on this computer.",
    "",
    ...shown.map((command) => `  trex ${command.name.padEnd(12)} ${command.summary}`),
    "",
    "Every command: --help with an example, --json for scripts, --home FOLDER for where runs lie (default: TREX_HOME).",
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
    "",
    "First steps:  trex doctor   then   npm run demo",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  return [
    `trex ${command.name}: ${command.summary}.`,
    "",
    `  trex ${command.usage}`,
    "",
    ...command.details.map((line) => `  ${line}`),
    ...(command.details.length === 0 ? [] : [""]),
    `Example:  ${command.example}`,
  ].join("\n");
}

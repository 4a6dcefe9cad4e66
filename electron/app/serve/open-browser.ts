import { spawn } from "node:child_process";

/** Opens the address in the user's browser. Whether one came up cannot be known; the address is printed as well. */
export function openBrowser(url: string): void {
  const { command, args } = opener(url);
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}

function opener(url: string): { command: string; args: readonly string[] } {
  switch (process.platform) {
    case "win32": return { command: "rundll32", args: ["url.dll,FileProtocolHandler", url] };
    case "darwin": return { command: "open", args: [url] };
    default: return { command: "xdg-open", args: [url] };
  }
}

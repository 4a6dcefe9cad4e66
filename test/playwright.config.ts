import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

const known = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
/** An installed browser; without one Playwright looks for its own download. */
const executablePath = known.find((path) => path !== undefined && path !== "" && existsSync(path));
// Chromium refuses its sandbox to root, as in containers; everywhere else it stays on.
const needsNoSandbox = process.env.CI !== undefined || process.getuid?.() === 0;

export default defineConfig({
  testDir: "e2e",
  outputDir: "results/artifacts",
  fullyParallel: false,
  workers: 1,
  timeout: 30_000,
  expect: { timeout: 7_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    // Without a graphics card every spinning icon costs the processor dearly, and screenshots should not depend on the moment.
    contextOptions: { reducedMotion: "reduce" },
    trace: "retain-on-failure",
    launchOptions: { ...(executablePath === undefined ? {} : { executablePath }), args: [...(needsNoSandbox ? ["--no-sandbox"] : []), "--disable-gpu", "--disable-background-networking"] },
  },
});

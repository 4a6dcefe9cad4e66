import { defineConfig } from "@playwright/test";
import { findBrowser, noBrowserMessage } from "./e2e/browser.js";

const executablePath = findBrowser();
if (executablePath === null) console.error(`\n${"!".repeat(100)}\n${noBrowserMessage}\n${"!".repeat(100)}\n`);
// Chromium refuses its sandbox to root, as in containers; everywhere else it stays on.
const needsNoSandbox = process.env.CI !== undefined || process.getuid?.() === 0;

export default defineConfig({
  testDir: "e2e",
  outputDir: "results/artifacts",
  fullyParallel: false,
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    // Without a graphics card every spinning icon costs the processor dearly, and screenshots should not depend on the moment.
    contextOptions: { reducedMotion: "reduce" },
    trace: "retain-on-failure",
    launchOptions: { ...(executablePath === null ? {} : { executablePath }), args: [...(needsNoSandbox ? ["--no-sandbox"] : []), "--disable-gpu", "--disable-background-networking"] },
  },
});

import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

const installed = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"];

/** An installed Chromium or Chrome, else Playwright's own download; null when this machine has neither. */
export function findBrowser(): string | null {
  const known = installed.find((path) => path !== undefined && path !== "" && existsSync(path));
  if (known !== undefined) return known;
  const own = chromium.executablePath();
  return existsSync(own) ? own : null;
}

export const noBrowserMessage = "THE BROWSER TESTS DID NOT RUN: no Chromium or Chrome was found. Install one, set CHROMIUM_PATH, or run npx playwright install chromium.";

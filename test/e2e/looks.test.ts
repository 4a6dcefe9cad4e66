import { allRuns, handlersFor } from "./fixture/handlers.js";
import { expect, expectAccessible, screenshot, test } from "./fixture/page.js";

const sizes = [{ width: 1440, height: 900 }, { width: 1024, height: 700 }, { width: 390, height: 800 }] as const;
const screens = [
  { name: "first-run", runs: [], fragment: "", shows: "Welcome to TREX Desktop" },
  { name: "runs", runs: allRuns, fragment: "", shows: "Runs" },
  { name: "new-run", runs: allRuns, fragment: "", goTo: "#/new", shows: "Before you start" },
  { name: "machine", runs: allRuns, fragment: "", goTo: "#/machine", shows: "What is used for what" },
  { name: "run-done", runs: allRuns, fragment: "&run=commands", shows: "Better than the prompted base model" },
  { name: "run-live", runs: allRuns, fragment: "&run=commands-live", shows: "Training “Train for more epochs”" },
] as const;

for (const scheme of ["light", "dark"] as const) {
  for (const size of sizes) {
    test.describe(`${scheme} ${size.width}x${size.height}`, () => {
      test.use({ viewport: size, colorScheme: scheme });
      for (const screen of screens) {
        test(`${screen.name} looks right and is accessible`, async ({ page, open }) => {
          await open(handlersFor(screen.runs), screen.fragment);
          if ("goTo" in screen) await page.evaluate((fragment) => { window.location.hash = fragment; }, screen.goTo);
          await expect(page.getByText(screen.shows).first()).toBeVisible();
          await page.waitForTimeout(400);
          await screenshot(page, `${screen.name}-${size.width}-${scheme}`, size.width === 390);
          await expectAccessible(page);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(overflow, "the page does not scroll sideways").toBe(0);
        });
      }
    });
  }
}

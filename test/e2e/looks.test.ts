import { allRuns, handlersFor } from "./fixture/handlers.js";
import { expect, expectAccessible, needsBrowser, screenshot, test } from "./fixture/page.js";

needsBrowser();

const sizes = [{ width: 1440, height: 900 }, { width: 1024, height: 700 }, { width: 390, height: 800 }] as const;
const screens = [
  { name: "runs", fragment: "#/", shows: "Best in search" },
  { name: "new-run", fragment: "#/new", shows: "Before you start" },
  { name: "machine", fragment: "#/machine", shows: "What is used for what" },
  { name: "run-live", fragment: "#/runs/commands-live", shows: "Training “Train for more epochs”" },
  { name: "run-base-kept", fragment: "#/runs/no-gain", shows: "No experiment beat the prompted base model" },
  { name: "run-failed", fragment: "#/runs/disk-full", shows: "The disk is full" },
  { name: "run-done", fragment: "#/runs/commands", shows: "Better than the prompted base model" },
] as const;

for (const colorScheme of ["light", "dark"] as const) {
  for (const viewport of sizes) {
    test.describe(`${colorScheme}, ${viewport.width} by ${viewport.height}`, () => {
      test.use({ viewport, colorScheme });
      test.setTimeout(240_000);
      test("every screen fits, is accessible, and is pictured", async ({ page, open }) => {
        await open(handlersFor(allRuns));
        for (const screen of screens) {
          await page.evaluate((fragment) => { window.location.hash = fragment; }, screen.fragment);
          await expect(page.getByText(screen.shows).first()).toBeVisible();
          // Charts and the tree are drawn once their boxes have a size.
          if (screen.name === "run-done" || screen.name === "run-live") await expect(page.locator("canvas").first()).toBeVisible();
          await screenshot(page, `${screen.name}-${viewport.width}-${colorScheme}`, viewport.width === 390);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(overflow, `${screen.name} scrolls sideways`).toBe(0);
          // The middle width shows nothing that the other two do not.
          if (viewport.width !== 1024) await expectAccessible(page);
        }
      });
      test("the first visit is welcoming", async ({ page, open }) => {
        await open(handlersFor([]));
        await expect(page.getByRole("heading", { name: "Welcome to TREX Desktop" })).toBeVisible();
        await expect(page.getByText("Training runs on the processor")).toBeVisible();
        await screenshot(page, `first-run-${viewport.width}-${colorScheme}`, viewport.width === 390);
        if (viewport.width !== 1024) await expectAccessible(page);
      });
    });
  }
}

import { allRuns, handlersFor, initialSettings } from "./fixture/handlers.js";
import { onlineResults } from "./fixture/library.js";
import { finishedRun, steeredRun } from "./fixture/make-run.js";
import { expect, expectAccessible, needsBrowser, screenshot, test } from "./fixture/page.js";

needsBrowser();

const sizes = [{ width: 1440, height: 900 }, { width: 1024, height: 700 }, { width: 390, height: 800 }] as const;
const screens = [
  { name: "runs", fragment: "#/", shows: "Best in search" },
  { name: "new-run", fragment: "#/new", shows: "Before you start" },
  { name: "settings", fragment: "#/settings", shows: "Work offline" },
  { name: "library", fragment: "#/library", shows: "Hub manual" },
  { name: "library-cards", fragment: "#/library/cards/small-data-few-epochs", shows: "Little data, few epochs" },
  { name: "library-online", fragment: "#/library/online", shows: "zero connections are made" },
  { name: "library-data", fragment: "#/library/data", shows: "Find data" },
  { name: "machine", fragment: "#/machine", shows: "What is used for what" },
  { name: "run-live", fragment: "#/runs/commands-live", shows: "Training “Train for more epochs”" },
  { name: "run-base-kept", fragment: "#/runs/no-gain", shows: "No experiment beat the prompted base model" },
  { name: "run-failed", fragment: "#/runs/disk-full", shows: "The disk is full" },
  { name: "run-prompt", fragment: "#/runs/prompt-wins", shows: "A prompt makes the base model better" },
  { name: "run-steered", fragment: "#/runs/steered", shows: "Your steering" },
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
          if (["run-done", "run-live", "run-steered"].includes(screen.name)) await expect(page.locator("canvas").first()).toBeVisible();
          await screenshot(page, `${screen.name}-${viewport.width}-${colorScheme}`, viewport.width === 390);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(overflow, `${screen.name} scrolls sideways`).toBe(0);
          // The middle width shows nothing that the other two do not.
          if (viewport.width !== 1024) await expectAccessible(page);
        }
      });
      test("what opens by hand fits, is accessible, and is pictured", async ({ page, open }) => {
        const run = { ...finishedRun, cards: ["epochs-until-validation-turns", "small-data-few-epochs", "gone-card"], steering: steeredRun.steering };
        await open(handlersFor([run, steeredRun], { "settings.get": () => ({ ...initialSettings, offline: false }), "library.online": () => onlineResults }));
        const isNarrow = viewport.width === 390;
        const look = async (name: string, whole: boolean): Promise<void> => {
          await screenshot(page, `${name}-${viewport.width}-${colorScheme}`, whole);
          expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${name} scrolls sideways`).toBe(0);
          if (viewport.width !== 1024) await expectAccessible(page);
        };
        const goTo = (fragment: string): Promise<void> => page.evaluate((hash) => { window.location.hash = hash; }, fragment);
        await goTo("#/new/%2Fhome%2Fada%2Fdata%2Fhub-commands.jsonl");
        await page.getByLabel("What should the model get better at?").fill("Turn plain-English requests into one strict JSON command for the smart-home hub");
        await page.getByLabel("Base model").selectOption({ label: "hub-4m · qwen2 · 4.7\u2009MiB · TREX" });
        await page.getByRole("button", { name: "Understand the task" }).click();
        for (const fold of ["Rows for each part", "Limits", "What must not get worse", "Other wordings", "Planner and more"]) await page.locator("summary", { hasText: fold }).click();
        await page.evaluate(() => window.scrollTo(0, 0));
        await look("new-run-understood", true);
        await goTo("#/runs/commands");
        await page.locator(isNarrow ? "[data-row=n7]" : "[data-card=n7]").click();
        await page.getByText("The 3 places it could grow from").click();
        await page.getByRole("heading", { name: "How this was decided" }).evaluate((element) => element.scrollIntoView());
        await look("decision", false);
        await page.getByRole("heading", { name: "What kept going wrong" }).evaluate((element) => element.scrollIntoView());
        await look("decision-below", false);
        await goTo("#/runs/steered");
        await page.locator(isNarrow ? "[data-row=n4]" : "[data-card=n4]").click();
        await page.getByRole("button", { name: "Branch" }).click();
        await look("branch", false);
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.getByRole("button", { name: "Change the budget" }).click();
        await page.getByLabel("Time for the whole run").fill("1m");
        await look("budget", false);
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.getByRole("region", { name: "Your steering" }).evaluate((element) => element.scrollIntoView());
        await look("steering", false);
        await goTo("#/library/online");
        await page.getByLabel("What", { exact: true }).fill("adapters");
        await page.keyboard.press("Enter");
        await expect(page.getByText("hub/commands").first()).toBeVisible();
        await look("library-online-found", true);
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

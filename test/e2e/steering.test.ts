import { allRuns, handlersFor } from "./fixture/handlers.js";
import { searchingRun } from "./fixture/make-run.js";
import { expect, expectAccessible, needsBrowser, screenshot, test } from "./fixture/page.js";
import { Refusal, type FixtureServer } from "./fixture/server.js";

needsBrowser();

type Page = Parameters<typeof expectAccessible>[0];
const details = (page: Page): ReturnType<Page["getByRole"]> => page.getByRole("region", { name: "Details of the selected experiment" });
const actions = (server: FixtureServer): unknown[] => server.calls.filter((call) => call.name === "runs.steer").map((call) => (call.request as { action: unknown }).action);

test("an experiment is pinned, pruned and restored, and the tree shows it", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns), "&run=commands-live");
  await page.locator("[data-card=n5]").click();
  await details(page).getByRole("button", { name: "Pin", exact: true }).click();
  await expect(details(page).getByRole("button", { name: "Unpin" })).toBeVisible();
  await expect(page.locator("[data-card=n5]")).toContainText("Pinned by you");
  await details(page).getByRole("button", { name: "Unpin" }).click();
  // Nothing runs at or below it, so nothing is asked.
  await details(page).getByRole("button", { name: "Prune" }).click();
  await expect(page.locator("[data-card=n5]")).toContainText("Pruned by you");
  await expectAccessible(page);
  await details(page).getByRole("button", { name: "Restore" }).click();
  await expect(details(page).getByRole("button", { name: "Prune" })).toBeVisible();
  expect(actions(server)).toEqual([{ kind: "pin", nodeId: "n5" }, { kind: "unpin", nodeId: "n5" }, { kind: "prune", nodeId: "n5" }, { kind: "restore", nodeId: "n5" }]);
});

test("what would end a running experiment is asked about first", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns), "&run=commands-live");
  await page.locator("[data-card=n4]").click();
  await details(page).getByRole("button", { name: "Prune" }).click();
  const dialog = page.getByRole("dialog", { name: "End what is running?" });
  await expect(dialog).toContainText("“Train for more epochs” is running at or below this experiment");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  expect(actions(server)).toEqual([]);
  await details(page).getByRole("button", { name: "Prune" }).click();
  await dialog.getByRole("button", { name: "End and prune" }).click();
  await expect(page.locator("[data-card=n7]")).toContainText("Below a pruned experiment");
  expect(actions(server)).toEqual([{ kind: "prune", nodeId: "n4" }]);
});

test("a branch changes one field, inside its bounds, and waits its turn", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns), "&run=commands-live");
  await page.locator("[data-card=n4]").click();
  await details(page).getByRole("button", { name: "Branch" }).click();
  const dialog = page.getByRole("dialog", { name: "Branch with one change" });
  await dialog.getByRole("button", { name: "Branch" }).click();
  await expect(dialog.getByText("This is the value it has already. Give another one.")).toBeVisible();
  await dialog.getByLabel("What to change").selectOption("rank");
  await dialog.getByLabel("New value").fill("500");
  await dialog.getByRole("button", { name: "Branch" }).click();
  await expect(dialog.getByRole("alert")).toContainText("Give a whole number from 2 to 64.");
  await screenshot(page, "branch-dialog");
  await expectAccessible(page);
  await dialog.getByLabel("New value").fill("32");
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("region", { name: "Your steering" })).toContainText("Rank 32 from Try another learning rate");
  // An experiment without training has a prompt to change and nothing else.
  await page.locator("[data-card=n2]").click();
  await details(page).getByRole("button", { name: "Branch" }).click();
  await expect(dialog.getByLabel("What to change").locator("option")).toHaveText(["Worked examples in the prompt", "System prompt"]);
  await dialog.getByLabel("What to change").selectOption("system");
  await dialog.getByLabel("New value").fill("Answer in JSON.");
  await dialog.getByRole("button", { name: "Branch" }).click();
  await expect(dialog).toBeHidden();
  expect(actions(server)).toEqual([
    { kind: "branch", nodeId: "n4", change: { field: "rank", value: 32 } },
    { kind: "branch", nodeId: "n2", change: { field: "system", value: "Answer in JSON." } },
  ]);
});

test("hints are added and removed, and one that is too long is not sent", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns), "&run=commands-live");
  const card = page.getByRole("region", { name: "Your steering" });
  await card.getByLabel("New hint").fill("x".repeat(301));
  await card.getByRole("button", { name: "Add" }).click();
  await expect(card.getByRole("alert")).toContainText("under 300 characters; these are 301");
  await card.getByLabel("New hint").fill("Dates come day first");
  await page.keyboard.press("Enter");
  await expect(card.getByRole("listitem")).toHaveText("Dates come day first");
  await expect(card.getByLabel("New hint")).toHaveValue("");
  await card.getByRole("button", { name: "Remove the hint: Dates come day first" }).click();
  await expect(card.getByRole("listitem")).toHaveCount(0);
  expect(actions(server)).toEqual([{ kind: "hint", text: "Dates come day first" }, { kind: "remove-hint", hintId: "s40" }]);
});

test("the budget is raised, and a cut that ends the search says so", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns), "&run=commands-live");
  await page.getByRole("button", { name: "Change the budget" }).click();
  const dialog = page.getByRole("dialog", { name: "Change the budget" });
  await expect(dialog).toContainText("1\u2009min 36\u2009s of 6\u2009min are spent.");
  await dialog.getByRole("button", { name: "+30m" }).click();
  await expect(dialog.getByLabel("Time for the whole run")).toHaveValue("36m");
  await dialog.getByRole("button", { name: "Set the budget" }).click();
  await expect(page.getByText(/of 36\u2009min/).first()).toBeVisible();
  await page.getByRole("button", { name: "Change the budget" }).click();
  await dialog.getByLabel("Time for the whole run").fill("90s");
  await expect(dialog).toContainText("the search ends here");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Cut it and end the search" }).click();
  await expect(dialog).toBeHidden();
  expect(actions(server)).toEqual([{ kind: "budget", totalMs: 2_160_000 }, { kind: "budget", totalMs: 90_000 }]);
});

test("a step that is refused says why, and changes nothing", async ({ page, open }) => {
  await open(handlersFor(allRuns, { "runs.steer": () => { throw new Refusal("steer.refused", "n1 is measured already.", "Choose another experiment."); } }), "&run=commands-live");
  await details(page).getByRole("button", { name: "Pin", exact: true }).click();
  await expect(details(page).getByRole("alert")).toContainText("n1 is measured already.");
  await details(page).getByRole("button", { name: "Branch" }).click();
  const dialog = page.getByRole("dialog", { name: "Branch with one change" });
  await dialog.getByLabel("New value").fill("0.002");
  await dialog.getByRole("button", { name: "Branch" }).click();
  await expect(dialog.getByRole("alert").filter({ hasText: "measured already" })).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(page.locator("[data-card=n7]")).not.toContainText("Pinned by you");
});

test("a search that has ended offers nothing to steer", async ({ page, open }) => {
  await open(handlersFor([...allRuns, { ...searchingRun, runId: "late", status: "vault" }]), "&run=late");
  await expect(details(page).getByRole("heading", { level: 2 })).toBeVisible();
  await expect(details(page).getByRole("button", { name: "Pin", exact: true })).toBeHidden();
  await expect(page.getByRole("button", { name: "Change the budget" })).toBeHidden();
  await expect(page.getByRole("region", { name: "Your steering" })).toBeHidden();
});

test("every kind of mark is on the tree and in the list", async ({ page, open }) => {
  await open(handlersFor(allRuns), "&run=steered");
  const marks: Readonly<Record<string, string>> = { n7: "Pinned by you", n5: "Pruned by you", n8: "Prompt only", n10: "Same recipe as n4", n11: "Continues n7" };
  for (const [id, mark] of Object.entries(marks)) await expect(page.locator(`[data-card=${id}]`)).toContainText(mark);
  await expect(page.locator("[data-card=n10]")).toContainText("Below a pruned experiment");
  await expect(page.locator("[data-card=n9]")).toContainText("decided by you");
  await page.getByRole("button", { name: "List", exact: true }).click();
  for (const [id, mark] of Object.entries(marks)) await expect(page.locator(`[data-row=${id}]`)).toContainText(mark);
  await expect(page.getByText("The house planner has taken over from the language model.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Scores in order" })).toContainText("Short trials foretell the full score well here");
  await expect(page.getByRole("region", { name: "Scores in order" })).toContainText("Spearman 0.81 over 9 experiments");
  const card = page.getByRole("region", { name: "Your steering" });
  await expect(card).toContainText("Learning rate 7e\u22124 from Train for more epochs");
  await card.getByRole("button", { name: "Adapt the attention layers only" }).click();
  await expect(details(page).getByRole("heading", { level: 2 })).toHaveText("Adapt the attention layers only");
});

test("steering works from the keyboard alone", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns), "&run=commands-live");
  await page.locator("[data-card=n7]").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await expect(page.locator(".run-side")).toBeFocused();
  const tabTo = async (name: string): Promise<void> => {
    for (let step = 0; step < 8; step += 1) {
      await page.keyboard.press("Tab");
      if ((await page.evaluate(() => document.activeElement?.textContent)) === name) return;
    }
    throw new Error(`${name} was not reached`);
  };
  await tabTo("Pin");
  await page.keyboard.press("Enter");
  await expect(details(page).getByRole("button", { name: "Unpin" })).toBeVisible();
  await tabTo("Branch");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("What to change")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("0.0009");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
  expect(actions(server)).toEqual([{ kind: "pin", nodeId: "n4" }, { kind: "branch", nodeId: "n4", change: { field: "learningRate", value: 0.0009 } }]);
});

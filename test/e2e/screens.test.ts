import { allRuns, handlersFor } from "./fixture/handlers.js";
import { cardMachine } from "./fixture/machine.js";
import { finishedRun } from "./fixture/make-run.js";
import { expect, expectAccessible, needsBrowser, test } from "./fixture/page.js";
import { Refusal } from "./fixture/server.js";

needsBrowser();

test("the navigation reaches every screen, and the address holds no token", async ({ page, open }) => {
  await open(handlersFor(allRuns));
  expect(page.url()).not.toContain("token");
  const main = page.getByRole("navigation", { name: "Main" });
  await main.getByRole("link", { name: "Machine" }).click();
  await expect(page.getByRole("heading", { name: "This computer", level: 1 })).toBeVisible();
  await main.getByRole("link", { name: "New run" }).click();
  await expect(page.getByRole("heading", { name: "New run" })).toBeVisible();
  await main.getByRole("link", { name: "Library" }).click();
  await expect(page.getByRole("heading", { name: "Library", level: 1 })).toBeVisible();
  await main.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await main.getByRole("link", { name: "Runs" }).click();
  await page.getByRole("link", { name: "Answer questions about our tax guide" }).click();
  await expect(page.getByText("No experiment beat the prompted base model beyond chance")).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Runs" })).toBeVisible();
  // The token was kept for this tab: a reload needs no new address.
  await page.reload();
  await expect(page.getByRole("link", { name: "Answer questions about our tax guide" })).toBeVisible();
});

test("the demo starts from the first screen and opens its run", async ({ page, open }) => {
  const server = await open(handlersFor([], { "runs.start": () => ({ runId: "commands" }), "runs.get": () => finishedRun, "runs.memory": () => [] }));
  await page.getByRole("button", { name: "Try the demo" }).click();
  await expect(page.getByRole("heading", { name: /strict JSON command/ })).toBeVisible();
  expect(server.calls.find((call) => call.name === "runs.start")?.request).toMatchObject({ task: { model: "demo.gguf", budget: "5m" } });
});

test("a demo that cannot start says why", async ({ page, open }) => {
  await open(handlersFor([], { "host.demo": () => { throw new Refusal("demo.missing", "The demo's model is not built.", "Run npm run bootstrap."); } }));
  await page.getByRole("button", { name: "Try the demo" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "The demo's model is not built." })).toContainText("Run npm run bootstrap.");
});

test("a machine with a card is told as one", async ({ page, open }) => {
  await open(handlersFor([], { "host.doctor": () => cardMachine }));
  await expect(page.getByText("Training runs on your NVIDIA GeForce RTX 3060")).toBeVisible();
});

test.describe("the report", () => {
  // The frame refuses Playwright's own scripts as well, and the browser logs each refusal.
  test.use({ allowConsole: [/Blocked script execution in 'about:srcdoc'/] });
  test("is shown in a frame that runs no script, and can be saved", async ({ page, open }) => {
    await open(handlersFor(allRuns), "&run=commands");
    await page.getByRole("link", { name: "Read the report" }).click();
    const frame = page.frameLocator("iframe[title='Report of this run']");
    await expect(frame.getByRole("heading", { name: "Report of the run commands" })).toBeVisible();
    expect(await page.locator("iframe").getAttribute("sandbox")).toBe("");
    await expectAccessible(page);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a file" }).click();
    expect((await download).suggestedFilename()).toBe("trex-commands.html");
  });
});

test("a run that is not there, an address that leads nowhere, and a list that cannot be read each say so", async ({ page, open }) => {
  await open(handlersFor([], { "runs.list": () => { throw new Refusal("store.unreadable", "The list of runs cannot be read.", "", "ENV"); } }));
  await expect(page.getByText("The list of runs cannot be read.")).toBeVisible();
  await page.evaluate(() => { window.location.hash = "#/runs/gone"; });
  await expect(page.getByText("There is no run gone.")).toBeVisible();
  await page.evaluate(() => { window.location.hash = "#/somewhere"; });
  await expect(page.getByText("There is nothing at this address.")).toBeVisible();
});

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startTrex, type Running } from "../fixtures/command-line.js";
import { makeTinyData, makeTinyModel, requireBuild } from "../fixtures/tiny-model.js";
import { expect, expectAccessible, needsBrowser, screenshot, test } from "./fixture/page.js";

needsBrowser();
test.setTimeout(420_000);

/** The page on the real host: `trex serve`, the real trainer, llama.cpp, and a model with random weights. */
test("a real run is started from the form, watched, paused, resumed and stopped", async ({ page }) => {
  requireBuild();
  const folder = await mkdtemp(path.join(os.tmpdir(), "trex-e2e-"));
  const server = startTrex(["serve", "--json"], { TREX_HOME: path.join(folder, "home") });
  try {
    const [model, data] = await Promise.all([makeTinyModel(folder), makeTinyData(folder, 120)]);
    await page.goto(await addressOf(server));
    await expect(page.getByRole("heading", { name: "Welcome to TREX Desktop" })).toBeVisible();
    await expect(page.getByRole("region", { name: "This computer" })).toContainText("cores");

    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "New run" }).click();
    await page.getByLabel("What should the model get better at?").fill("Name the colour");
    await typePath(page, model);
    await page.getByLabel("Examples").fill(path.join(folder, "missing.jsonl"));
    await page.getByRole("button", { name: "Check" }).click();
    await expect(page.getByRole("alert").filter({ hasText: "missing.jsonl" })).toBeVisible();
    await page.getByLabel("Examples").fill(data);
    await page.getByRole("button", { name: "Check" }).click();
    await expect(page.getByText("Chat messages (OpenAI JSONL)")).toBeVisible();
    await page.getByRole("button", { name: "Understand the task" }).click();
    await expect(page.getByRole("region", { name: "What TREX understood" })).toBeVisible({ timeout: 60_000 });
    await page.getByLabel("Time budget").fill("20m");
    await page.getByRole("button", { name: "Start the run" }).click();

    await expect(page.getByRole("heading", { name: "Name the colour" })).toBeVisible({ timeout: 60_000 });
    const cards = page.locator("[data-card]");
    // Both the baseline's score and the next node arrive by push: nothing here reloads the page.
    await expect(cards.filter({ hasText: "Baseline" }).filter({ hasText: /%/ }).first()).toBeVisible({ timeout: 180_000 });
    await expect(cards.nth(1)).toBeVisible({ timeout: 120_000 });
    await expect(page.getByRole("region", { name: "Memory (RAM)" }).getByRole("listitem").filter({ hasText: "Free" })).toContainText("GiB");
    // The chart was an empty state when the page opened; it must take its full width once there is a score.
    const grid = await page.locator(".score-grid").first().boundingBox();
    expect(grid?.width).toBeGreaterThan(200);
    await screenshot(page, "real-run");
    await expectAccessible(page);

    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await expect(page.getByText(/^Paused\./)).toBeVisible({ timeout: 30_000 });
    await page.getByRole("button", { name: "Resume" }).click();
    await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible({ timeout: 60_000 });
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.getByRole("button", { name: "Stop the run" }).click();
    await expect(page.getByText(/^Stopped\./)).toBeVisible({ timeout: 30_000 });
    await page.getByRole("link", { name: "TREX Desktop, runs" }).click();
    await expect(page.getByRole("row", { name: /Name the colour/ })).toContainText("Stopped");
  } finally {
    await page.close();
    server.child.kill("SIGINT");
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  }
});

async function addressOf(server: Running): Promise<string> {
  const line = await new Promise<string>((resolve, reject) => {
    server.child.stdout?.once("data", (text: string) => { resolve(text); });
    void server.ended.then(({ stderr }) => { reject(new Error(stderr)); });
  });
  return (JSON.parse(line) as { url: string }).url;
}

/** The field is a list where models were found on this machine, and a path where none were. */
async function typePath(page: Parameters<typeof expectAccessible>[0], model: string): Promise<void> {
  const field = page.getByLabel("Base model");
  if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption({ label: "Another file…" });
  await page.getByLabel("Base model").fill(model);
}

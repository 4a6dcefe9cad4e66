import { allRuns, handlersFor } from "./fixture/handlers.js";
import { expect, expectAccessible, needsBrowser, test } from "./fixture/page.js";
import { Refusal } from "./fixture/server.js";

needsBrowser();

type Page = Parameters<typeof expectAccessible>[0];
const openSettings = async (page: Page): Promise<void> => {
  await page.evaluate(() => { window.location.hash = "#/settings"; });
  await expect(page.getByRole("switch", { name: /Work offline/ })).toBeChecked();
};

test("every setting is sent as it is changed, and shown as the host has taken it", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await openSettings(page);
  await page.getByRole("switch", { name: /Work offline/ }).uncheck();
  await page.getByRole("radio", { name: /A language model/ }).check();
  await page.getByLabel("Planning model").selectOption({ label: "Gemma 2 2B · gemma2 · 1.6\u2009GiB · Ollama" });
  await page.getByLabel("Embedding model").selectOption({ label: "Another file…" });
  await page.getByLabel("Embedding model").fill("/home/ada/models/nomic.gguf");
  await page.getByLabel("Embedding model").blur();
  await page.getByRole("checkbox", { name: /Keep what runs teach/ }).check();
  const data = page.getByRole("region", { name: "Folders with data" });
  await data.getByRole("textbox").fill("/home/ada/data");
  await page.keyboard.press("Enter");
  await expect(data.getByRole("listitem")).toHaveText("/home/ada/data");
  await page.getByRole("button", { name: "Remove /home/ada/models from folders with models" }).click();
  await page.getByLabel("Price of a kilowatt-hour").fill("0,32");
  await page.getByLabel("Price of a kilowatt-hour").blur();
  await expect(page.getByLabel("Price of a kilowatt-hour")).toHaveValue("0.32");
  await page.getByLabel("Processor threads").fill("6");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Saved.")).toBeVisible();
  await expectAccessible(page);
  expect(server.calls.filter((call) => call.name === "settings.update").map((call) => (call.request as { change: unknown }).change)).toEqual([
    { offline: false }, { planner: "language-model" }, { agentModelPath: "/home/ada/models/gemma-2-2b-q4_k_m.gguf" }, { embeddingModelPath: "/home/ada/models/nomic.gguf" },
    { keepInsights: true }, { dataFolders: ["/home/ada/data"] }, { modelFolders: [] }, { tariffPerKilowattHour: 0.32 }, { threads: 6 },
  ]);
});

test("a value that cannot be is not sent, and a refused one stands next to its field", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns, { "settings.update": () => { throw new Refusal("settings.no_folder", "There is no folder /nowhere.", "Make it first."); } }));
  await openSettings(page);
  await page.getByLabel("Processor threads").fill("many");
  await page.getByLabel("Processor threads").blur();
  await expect(page.getByText("Write a whole number, or 0.")).toBeVisible();
  expect(server.calls.some((call) => call.name === "settings.update")).toBe(false);
  const folders = page.getByRole("region", { name: "Folders with models" });
  await folders.getByRole("textbox").fill("/nowhere");
  await page.keyboard.press("Enter");
  await expect(folders.getByRole("alert")).toContainText("There is no folder /nowhere. Make it first.");
  await expect(page.getByText("The last change was not taken.")).toBeVisible();
  // The switch shows what is, not what was wished for.
  await page.getByRole("switch", { name: /Work offline/ }).click();
  await expect(page.getByRole("switch", { name: /Work offline/ })).toBeChecked();
  await expectAccessible(page);
});

test("settings that cannot be read leave the page usable and the network off", async ({ page, open }) => {
  await open(handlersFor(allRuns, { "settings.get": () => { throw new Refusal("settings.damaged", "The settings file is damaged.", "", "ENV"); } }));
  await page.evaluate(() => { window.location.hash = "#/settings"; });
  await expect(page.getByRole("alert")).toContainText("The settings file is damaged.");
  await page.evaluate(() => { window.location.hash = "#/library/online"; });
  await expect(page.getByText("zero connections are made")).toBeVisible();
});

test("the theme is chosen in the settings and kept", async ({ page, open }) => {
  await open(handlersFor(allRuns));
  await openSettings(page);
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

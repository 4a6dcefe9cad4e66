import { allRuns, handlersFor, initialSettings } from "./fixture/handlers.js";
import { emptyLibrary } from "./fixture/library.js";
import { expect, expectAccessible, needsBrowser, screenshot, test } from "./fixture/page.js";
import { Refusal } from "./fixture/server.js";

needsBrowser();

type Page = Parameters<typeof expectAccessible>[0];
const goTo = (page: Page, fragment: string): Promise<void> => page.evaluate((hash) => { window.location.hash = hash; }, fragment);
const online = { "settings.get": () => ({ ...initialSettings, offline: false }) };

test("documents are added, searched and removed, with what was hidden or odd in them", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await goTo(page, "#/library");
  const documents = page.getByRole("region", { name: "Documents" });
  await expect(documents).toContainText("1,412 hidden characters left out");
  await expect(documents).toContainText("The file is encrypted, so it cannot be read without its password.");
  await documents.getByRole("button", { name: "Add" }).click();
  await expect(documents.getByRole("alert")).toContainText("Give the path of a file or a folder.");
  await page.getByLabel("Add a file or a folder").fill("/nowhere");
  await documents.getByRole("button", { name: "Add" }).click();
  await expect(documents.getByRole("alert")).toContainText("There is nothing at /nowhere.");
  await page.getByLabel("Add a file or a folder").fill("/home/ada/notes.md");
  await page.keyboard.press("Enter");
  await expect(documents.getByRole("heading", { name: "New notes" })).toBeVisible();
  await documents.getByRole("button", { name: "Remove New notes" }).click();
  await expect(documents.getByRole("heading", { name: "New notes" })).toBeHidden();
  expect(server.calls.filter((call) => /library\.(add|remove)/.test(call.name)).map((call) => call.request)).toEqual([{ path: "/nowhere" }, { path: "/home/ada/notes.md" }, { documentId: "d9" }]);

  await page.getByLabel("Search documents and cards").fill("times of day");
  await page.keyboard.press("Enter");
  const found = page.getByRole("region", { name: "Search" });
  await expect(found.getByRole("listitem").filter({ hasText: "HH:MM" })).toContainText("page 12");
  await expect(found.getByRole("listitem").filter({ hasText: "Below a thousand rows" })).toContainText("by its meaning");
  await screenshot(page, "library-search", true);
  await expectAccessible(page);
  await found.getByRole("link", { name: "Little data, few epochs" }).click();
  await expect(page.getByRole("article", { name: "Little data, few epochs" })).toBeFocused();
  await page.goBack();
  await page.getByLabel("Search documents and cards").fill("nothing at all");
  await page.keyboard.press("Enter");
  await expect(found).toContainText("Nothing was found. Try other words.");
});

test("an empty library says what it is for, and how meaning can be searched", async ({ page, open }) => {
  await open(handlersFor(allRuns, { "library.view": () => emptyLibrary }));
  await goTo(page, "#/library");
  await expect(page.getByText("No documents yet.")).toBeVisible();
  await page.getByRole("link", { name: "choose an embedding model" }).click();
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await goTo(page, "#/library/cards");
  await expect(page.getByText("There are no cards.")).toBeVisible();
  await expectAccessible(page);
});

test("a library that cannot be opened says why and can be tried again", async ({ page, open }) => {
  let isBroken = true;
  const handlers = handlersFor(allRuns);
  await open({ ...handlers, "library.view": (request) => { if (isBroken) throw new Refusal("library.damaged", "The library's index is damaged.", "It is made again when you add a document.", "ENV"); return handlers["library.view"]?.(request); } });
  await goTo(page, "#/library");
  await expect(page.getByRole("alert")).toContainText("The library's index is damaged.");
  isBroken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Hub manual" })).toBeVisible();
});

test("cards are narrowed down by words, tag, kind and confidence, and tell what stands behind them", async ({ page, open }) => {
  await open(handlersFor(allRuns));
  await goTo(page, "#/library/cards");
  const cards = page.getByRole("article");
  await expect(cards).toHaveCount(30);
  await page.getByRole("button", { name: "Show 15 more" }).click();
  await expect(cards).toHaveCount(45);
  await page.getByLabel("From").selectOption("insight");
  await expect(cards).toHaveCount(1);
  await cards.getByText("Scope and sources").click();
  await expect(cards.getByRole("link", { name: "run commands" })).toHaveAttribute("href", "#/runs/commands");
  await page.getByLabel("Confidence").selectOption("measured");
  await page.getByLabel("With the words").fill("nothing like it");
  await expect(page.getByText("No card fits.")).toBeVisible();
  await page.getByRole("button", { name: "Show all cards" }).click();
  await page.getByLabel("Tag").selectOption("epochs");
  await expect(cards).toHaveCount(2);
  const disputed = page.getByRole("article", { name: "Little data, few epochs" });
  await disputed.getByText("Scope, sources and who disagrees").click();
  await expect(disputed).toContainText("ten passes over 500 rows still improved held-out loss. LoRA without regret, 2025");
  await expect(disputed).toContainText("arXiv:2405.00732");
  await expect(disputed).toContainText("Epochs: the search starts near 2, with little data.");
  await expectAccessible(page);
  await goTo(page, "#/library/cards/no-such-card");
  await expect(page.getByText("There is no card no-such-card.")).toBeVisible();
});

test("looking online is plainly off while the switch is on, and asks nothing of the host", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await goTo(page, "#/library/online");
  await expect(page.getByText("Off. You work offline, so zero connections are made, whatever is asked.")).toBeVisible();
  await expect(page.getByLabel("What", { exact: true })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Search" })).toBeDisabled();
  await expectAccessible(page);
  expect(server.calls.some((call) => call.name === "library.online")).toBe(false);
  await page.getByRole("link", { name: "Settings" }).last().click();
  await page.getByRole("switch", { name: /Work offline/ }).uncheck();
  await expect(page.getByText("Connections are made only when you press Search or Find")).toBeVisible();
  await goTo(page, "#/library/online");
  await page.getByLabel("Where").selectOption("hf-datasets");
  await page.getByLabel("What", { exact: true }).fill("commands");
  await page.keyboard.press("Enter");
  await expect(page.getByText("A. Author, B. Writer, C. Third and 2 others · 2024 · no licence stated")).toBeVisible();
  await expect(page.getByText("hub · licence CC-BY-4.0 · 4.2\u2009MiB · 1,803 downloads")).toBeVisible();
  expect(server.calls.findLast((call) => call.name === "library.online")?.request).toEqual({ source: "hf-datasets", query: "commands" });
  await expectAccessible(page);
});

test("a look online that fails says why", async ({ page, open }) => {
  await open(handlersFor(allRuns, { ...online, "library.online": () => { throw new Refusal("online.rate_limited", "arXiv asks for a pause.", "Try again in a minute.", "ENV"); } }));
  await goTo(page, "#/library/online");
  await page.getByLabel("What", { exact: true }).fill("adapters");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("arXiv asks for a pause.");
});

test("data is found with licence, size, overlap and a reason, and starts a new run", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await goTo(page, "#/library/data");
  await expect(page.getByRole("checkbox", { name: /Look on Hugging Face/ })).toBeDisabled();
  await page.getByLabel("What should the model get better at?").fill("nothing that exists");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No data set was found.")).toBeVisible();
  await page.getByLabel("What should the model get better at?").fill("Answer like our hub");
  await page.getByLabel("Your examples, if you have some").fill("/home/ada/data/hub-commands.jsonl");
  await page.getByRole("button", { name: "Find data" }).click();
  const extra = page.getByRole("article").filter({ hasText: "hub-commands-extra.jsonl" }).first();
  await expect(extra).toContainText("Licencenot stated");
  await expect(extra).toContainText("812 rows · 303\u2009KiB");
  await expect(extra).toContainText("Overlap (Rows that repeat text of your held-out rows. Training on them would make the final test worthless.)14 rows");
  await expect(extra).toContainText("86\u2009%");
  await expect(page.getByRole("article").filter({ hasText: "private-notes.csv" })).toContainText("Cannot be used");
  await screenshot(page, "library-data-found", true);
  await expectAccessible(page);
  expect(server.calls.findLast((call) => call.name === "data.discover")?.request).toEqual({ goal: "Answer like our hub", data: "/home/ada/data/hub-commands.jsonl", online: false });
  await extra.getByRole("link", { name: "New run with it" }).click();
  await expect(page.getByLabel("Examples")).toHaveValue("/home/ada/data/hub-commands-extra.jsonl");
});

test("the library is walked with the keyboard", async ({ page, open }) => {
  await open(handlersFor(allRuns));
  await goTo(page, "#/library");
  await page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Documents" }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article").first()).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Cards" })).toBeFocused();
  const names: string[] = [];
  for (let step = 0; step < 9; step += 1) {
    await page.keyboard.press("Tab");
    names.push(await page.evaluate(() => document.activeElement?.textContent.trim() ?? ""));
  }
  expect(names).toContain("Scope and sources");
});

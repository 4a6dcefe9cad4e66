import { allRuns, handlersFor } from "./fixture/handlers.js";
import { finishedNodes, finishedRun } from "./fixture/make-run.js";
import { expect, expectAccessible, needsBrowser, screenshot, test } from "./fixture/page.js";

needsBrowser();

type Page = Parameters<typeof expectAccessible>[0];
const details = (page: Page): ReturnType<Page["getByRole"]> => page.getByRole("region", { name: "Details of the selected experiment" });
const steering = { ...finishedRun.steering, hints: [{ id: "s1", text: "Dates come day first" }] };
const run = { ...finishedRun, steering, cards: ["epochs-until-validation-turns", "small-data-few-epochs", "gone-card"] };

test("a decision can be read afterwards: what was known, considered, done, and why", async ({ page, open }) => {
  await open(handlersFor([run]), "&run=commands");
  await page.locator("[data-card=n7]").click();
  const panel = details(page);
  await expect(panel.getByRole("heading", { name: "How this was decided" })).toBeVisible();
  await expect(panel).toContainText("has the highest value: a good mean and few visits.");
  await expect(panel).toContainText("Prediction (The hypothesis as a figure that can turn out otherwise): Validation loss goes down by at least 0.05 against its parent.");
  await expect(panel).toContainText("while the loss still falls");
  await expect(panel).toContainText("Duration. Validation loss was still falling");
  const considered = panel.getByRole("list", { name: "Moves that were considered" });
  await expect(considered.getByRole("listitem").filter({ hasText: "(chosen)" })).toContainText("Planner70\u2009%Host58\u2009%expected +4.2\u2009pts ± 2.1 · 97\u2009% sure to train to the end");
  await expect(considered.getByRole("listitem").filter({ hasText: "Put the task" })).toContainText("The host had no forecast.");
  await expect(panel).toContainText("Drew “Train for more epochs” (58 %).");
  await expect(panel).toContainText("Language model · 4.2\u2009s · 612 tokens");
  await expect(panel).toContainText("propose-direction 3, propose-candidates 5, 6,130 characters in all");
  await expect(panel).toContainText("your hint “Dates come day first”");
  await expect(panel).toContainText("Your hintsDates come day first");
  await expect(panel).toContainText("gone-card");
  await panel.getByText("The 3 places it could grow from").click();
  await expect(panel.getByRole("row", { name: /Try another learning rate/ })).toContainText("1.31");
  await expectAccessible(page);
  await screenshot(page, "decision");
  await panel.getByRole("button", { name: "what went wrong in “Adapt the attention layers only”" }).click();
  await expect(panel.getByRole("heading", { level: 2 })).toHaveText("Adapt the attention layers only");
  await page.locator("[data-card=n7]").click();
  await panel.getByRole("link", { name: "Train until validation loss turns" }).first().click();
  await expect(page).toHaveURL(/#\/library\/cards\/epochs-until-validation-turns$/);
  await expect(page.getByRole("article", { name: "Train until validation loss turns" })).toBeFocused();
});

test("use of rank and what kept going wrong are shown where they were measured", async ({ page, open }) => {
  await open(handlersFor([run]), "&run=commands");
  await page.locator("[data-card=n7]").click();
  await expect(details(page).getByRole("img", { name: /Share of the rank in use by kind of tensor: ffn_down/ })).toBeVisible();
  await expect(details(page)).toContainText("layers 0 to 7 from left to right");
  await expect(details(page).getByRole("listitem").filter({ hasText: "A field is missing" })).toContainText("6.1\u2009%");
  await page.locator("[data-card=n3]").click();
  await expect(details(page).getByText("Use of the adapter’s rank")).toBeHidden();
  await expect(details(page).getByText("What kept going wrong")).toBeHidden();
});

test("ranks of single tensors and long prompts are told in the recipe", async ({ page, open }) => {
  await open(handlersFor(allRuns), "&run=steered");
  await page.locator("[data-card=n11]").click();
  await expect(details(page).getByRole("row", { name: /Rank by tensor/ })).toContainText("4 tensors: attn_q 4, ffn_down 24 to 28");
  await page.evaluate(() => { window.location.hash = "#/runs/prompt-wins"; });
  const row = details(page).getByRole("row", { name: /System prompt/ });
  await row.locator("summary").click();
  await expect(row).toContainText("Answer with the object alone.");
});

test("a prompt that wins is shown, to be copied as it is", async ({ page, open, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(handlersFor(allRuns), "&run=prompt-wins");
  const result = page.getByRole("region", { name: "Result" });
  await expect(result).toContainText("A prompt makes the base model better, and no training beat it");
  await expect(result).toContainText("Bare base");
  await expect(result).toContainText("With 4 worked examples from the training rows before each question: those most like the question.");
  await result.getByRole("button", { name: "Copy the system prompt" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^You turn one request[^]*Answer with the object alone\.$/);
  await expectAccessible(page);
});

test("hostile text in a decision stays text", async ({ page, open }) => {
  const evil = "<img src=x onerror=\"document.title='owned'\">";
  const nodes = finishedNodes.map((node) => (node.decision === null ? node : { ...node, failures: [{ label: evil, share: 0.5 }], decision: { ...node.decision, host: [evil], selection: { reason: evil, considered: [] }, known: { ...node.decision.known, insights: [evil], cards: [evil] }, planner: { ...node.decision.planner, prompts: [evil] } } }));
  await open(handlersFor([{ ...run, nodes }]), "&run=commands");
  await page.locator("[data-card=n7]").click();
  await expect(details(page).getByText(evil).first()).toBeVisible();
  expect(await page.title()).toBe("Run · TREX Desktop");
  expect(await page.locator("#root img").count()).toBe(0);
});

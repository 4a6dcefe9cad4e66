import { analyse } from "./fixture/analysis.js";
import { allRuns, handlersFor } from "./fixture/handlers.js";
import { expect, expectAccessible, needsBrowser, screenshot, test } from "./fixture/page.js";
import { Refusal } from "./fixture/server.js";

needsBrowser();

type Page = Parameters<typeof expectAccessible>[0];
const dataPath = "/home/ada/data/hub-commands.jsonl";

async function fillIn(page: Page): Promise<void> {
  await page.evaluate(() => { window.location.hash = "#/new"; });
  await page.getByLabel("What should the model get better at?").fill("Answer like our hub");
  await page.getByLabel("Base model").selectOption({ label: "hub-4m · qwen2 · 4.7\u2009MiB · TREX" });
  await page.getByLabel("Examples").fill(dataPath);
}
const understood = (page: Page): ReturnType<Page["getByRole"]> => page.getByRole("region", { name: "What TREX understood" });

test("what is missing is said next to the field, and the file is previewed", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await page.evaluate(() => { window.location.hash = "#/new"; });
  await page.getByRole("button", { name: "Understand the task" }).click();
  await expect(page.getByText("Say in a sentence what the model should get better at.")).toBeVisible();
  await expect(page.getByText("Give the path of a file with examples.")).toBeVisible();
  await expectAccessible(page);
  expect(server.calls.some((call) => call.name === "task.analyse")).toBe(false);
  await fillIn(page);
  await page.getByLabel("Examples").fill("/nowhere/else.jsonl");
  await page.getByRole("button", { name: "Check" }).click();
  await expect(page.getByText("There is no file at /nowhere/else.jsonl. Check the path; it is read on this computer.").first()).toBeVisible();
  await page.getByLabel("Examples").fill(dataPath);
  await page.getByRole("button", { name: "Check" }).click();
  await expect(page.getByText("Chat messages (OpenAI JSONL)")).toBeVisible();
  await expect(page.getByText("38 left out: no assistant message (first in row 412)")).toBeVisible();
  await expect(page.getByText("is the garage door shut?")).toBeVisible();
  await expectAccessible(page);
});

test("two presses start a run, and nothing has to be touched in between", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await fillIn(page);
  await page.getByRole("button", { name: "Understand the task" }).click();
  await expect(understood(page)).toContainText("Every answer is a JSON object");
  await expect(understood(page)).toContainText("By the language model in 6.4\u2009s, 840 tokens");
  await expect(understood(page)).toContainText("training 2,362 · search 200 · selection 200 · sealed test 400");
  await expect(page.getByRole("region", { name: "Before you start" })).toContainText("At most 30\u2009min");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page).toHaveURL(/#\/runs\/commands$/);
  const sent = server.calls.findLast((call) => call.name === "runs.start")?.request as { task: object };
  const drafted = analyse({ goal: "Answer like our hub", data: dataPath, model: "/home/ada/models/hub-4m-q8_0.gguf", answers: {}, edits: {} });
  expect(sent.task).toEqual(JSON.parse(JSON.stringify(drafted.task)));
});

test("a question is answered, and what follows from the answer is worked out", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await fillIn(page);
  await page.getByRole("button", { name: "Understand the task" }).click();
  const languages = page.getByRole("group", { name: "Does the model have to keep its other languages?" });
  await expect(languages.getByRole("radio", { name: "No, English is enough" })).toBeChecked();
  await expect(understood(page)).toContainText("2 questions only you can answer.");
  await languages.getByRole("radio", { name: "Yes, they are used" }).check();
  await expect.poll(() => server.calls.filter((call) => call.name === "task.analyse").at(-1)?.request).toMatchObject({ answers: { language: "yes" }, edits: {} });
  await expect(understood(page)).toContainText("Ordinary requests, Output format, Other languages");
  // The host asks it no longer; the answer can still be changed.
  await expect(languages.getByRole("radio", { name: "Yes, they are used" })).toBeChecked();
});

test("a field that is changed is marked as the user's, can be taken back, and is what starts", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await fillIn(page);
  await page.getByRole("button", { name: "Understand the task" }).click();
  await understood(page).getByRole("button", { name: "2h" }).click();
  await expect(understood(page)).toContainText("You set this.");
  await expect(page.getByRole("region", { name: "Before you start" })).toContainText("At most 2\u2009h");
  await understood(page).getByRole("button", { name: /^Undo your change of Time budget/ }).click();
  await expect(page.getByLabel("Time budget")).toHaveValue("30m");
  await understood(page).getByText("Rows for each part").click();
  await page.getByLabel("Sealed test").fill("600");
  await page.getByLabel("Sealed test").blur();
  await expect(understood(page)).toContainText("training 2,162 · search 200 · selection 200 · sealed test 600");
  await understood(page).getByText("Limits", { exact: true }).click();
  // A question about a field that is set by hand is settled.
  await page.getByLabel("Longest prompt").fill("300");
  await expect(understood(page)).toContainText("One question only you can answer.");
  await page.getByLabel("Largest rank").fill("999");
  await page.getByLabel("Let the optimiser set all numbers").check();
  await page.getByLabel("What may be delivered").selectOption("prompt");
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page.getByText("The rank is a whole number from 1 to 256.")).toBeVisible();
  await expect(page.getByText("Some fields need attention.")).toBeVisible();
  await expectAccessible(page);
  expect(server.calls.some((call) => call.name === "runs.start")).toBe(false);
  await page.getByLabel("Largest rank").fill("32");
  await understood(page).getByText("Other wordings", { exact: true }).click();
  await page.getByRole("button", { name: "Add a wording" }).click();
  await page.getByRole("textbox", { name: "Wording 2" }).fill("Answer with one JSON object.");
  await understood(page).getByText("Planner and more").click();
  await page.getByLabel("Seed").fill("7");
  await screenshot(page, "new-run-changed", true);
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page).toHaveURL(/#\/runs\/commands$/);
  expect(server.calls.findLast((call) => call.name === "runs.start")?.request).toMatchObject({ task: {
    seed: 7, budget: "30m", splits: { devSearch: 200, devSelect: 200, vault: 600 }, constraints: { mostPromptTokens: 300, mostRank: 32, forbiddenMoves: ["tune"], deliver: "prompt" },
    instructions: ["Turn the request into one JSON command.", "Answer with one JSON object."],
  } });
});

test("another goal has to be understood anew, and what the user set stays set", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns));
  await fillIn(page);
  await page.getByRole("button", { name: "Understand the task" }).click();
  await understood(page).getByRole("button", { name: "1h", exact: true }).click();
  await page.getByLabel("What should the model get better at?").fill("Answer like our other hub");
  await expect(understood(page)).toBeHidden();
  await page.getByRole("button", { name: "Understand the task" }).click();
  await expect(page.getByLabel("Time budget")).toHaveValue("1h");
  expect(server.calls.findLast((call) => call.name === "task.analyse")?.request).toMatchObject({ goal: "Answer like our other hub", edits: { budget: "1h" } });
});

test("a refusal stands next to the field it is about, or beside the button", async ({ page, open }) => {
  const refusals = [new Refusal("model.truncated", "The model file ends too early.", "Copy it again."), new Refusal("disk.full", "The disk is full.", "Free 2 GiB.")];
  await open(handlersFor(allRuns, { "runs.start": () => { throw refusals.shift() ?? new Refusal("none", "None is left."); } }));
  await fillIn(page);
  await page.getByRole("button", { name: "Understand the task" }).click();
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page.getByText("The model file ends too early. Copy it again.")).toBeVisible();
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "The disk is full." })).toContainText("Free 2 GiB.");
});

test("a task that cannot be read says why, and a language model that did not decide is named", async ({ page, open }) => {
  let isBroken = true;
  await open(handlersFor(allRuns, { "task.analyse": (request) => {
    if (isBroken) throw new Refusal("data.unreadable", "Row 3 is not JSON.", "Mend it or leave it out.", "DATA");
    const drafted = analyse(request);
    return { ...drafted, questions: [], reasons: [], agent: { decidedBy: "house-planner", fallbackReason: "It answered with a metric that does not exist, twice.", seconds: 0, tokens: 0 } };
  } }));
  await fillIn(page);
  await page.getByRole("button", { name: "Understand the task" }).click();
  await expect(page.getByText("Row 3 is not JSON. Mend it or leave it out.")).toBeVisible();
  isBroken = false;
  await page.getByRole("button", { name: "Understand the task" }).click();
  await expect(understood(page)).toContainText("It answered with a metric that does not exist, twice.");
  await expect(understood(page)).toContainText("Nothing called for another value.");
  await expect(understood(page).getByText("only you can answer")).toBeHidden();
  await expectAccessible(page);
});

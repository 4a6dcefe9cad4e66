import { handlersFor, allRuns } from "./fixture/handlers.js";
import { memorySamples } from "./fixture/machine.js";
import { finishedNodes, finishedRun, makeRun, searchingRun } from "./fixture/make-run.js";
import { expect, expectAccessible, needsBrowser, test } from "./fixture/page.js";
import { Refusal } from "./fixture/server.js";

needsBrowser();

test("a running experiment moves with every push", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns), "&run=commands-live");
  const details = page.getByRole("region", { name: "Details of the selected experiment" });
  await expect(details.getByRole("heading", { name: "Train for more epochs" })).toBeVisible();
  server.push({ type: "progress", runId: "commands-live", nodeId: "n7", stage: "full", done: 120, total: 240, loss: 0.512, tokensPerSecond: 5310 });
  await expect(details).toContainText("120 of 240 · loss 0.512 · 5,310 tokens/s");
  server.push({ type: "memory", runId: "commands-live", sample: { ...memorySamples(1)[0]!, bytes: { desktop: 1, agent: 0, trainer: 3 * 2 ** 30, evaluator: 0, free: 0 } } });
  await expect(page.getByRole("region", { name: "Memory (RAM)" }).getByRole("listitem").filter({ hasText: "Trainer" })).toContainText("3.0\u2009GiB");
  // The next node appears, and the page follows it without being asked.
  server.push({ type: "run", view: makeRun("commands-live", finishedNodes.slice(0, 8), { phase: "Scoring “Change the adapter's rank”.", bestNodeId: "n7", baselineNodeId: "n2", noiseFloor: 0.03 }) });
  await expect(page.getByText("Scoring “Change the adapter's rank”.")).toBeVisible();
  await expect(page.getByText("8 experiments")).toBeVisible();
  await expect(details.getByText("Best so far")).toBeVisible();
  const calls = server.calls.length;
  server.push({ type: "run", view: searchingRun }, 3);
  await expect.poll(() => server.calls.slice(calls).map((call) => call.name)).toContain("runs.get");
});

test("the details tell everything about the chosen experiment", async ({ page, open }) => {
  await open(handlersFor(allRuns), "&run=commands");
  const details = page.getByRole("region", { name: "Details of the selected experiment" });
  const tree = page.getByRole("group", { name: /Tree of experiments/ });
  await expect(details.getByRole("heading", { name: "Remove rows that contradict each other" })).toBeVisible();
  await expect(details).toContainText("Delivered");
  await expect(details).toContainText("The language model was asked and did not decide: its answer named a move that is not on the menu, twice.");
  await page.getByRole("button", { name: "Fit the whole tree" }).click();
  await tree.getByRole("button", { name: /Try another learning rate/ }).first().click();
  await expect(details).toContainText("The training loss was still falling");
  const changed = details.getByRole("table");
  await expect(changed.getByRole("row", { name: /Learning rate/ })).toContainText("3e\u22124");
  await expect(changed.getByRole("row", { name: /Learning rate/ })).toContainText("0.0011 optimiser");
  await details.getByRole("button", { name: /unchanged settings/ }).click();
  await expect(changed.getByRole("row", { name: /Epochs/ })).toBeVisible();
  await expect(details.getByRole("img", { name: /Loss over 180 steps/ })).toBeVisible();
  await expect(details).toContainText("Sure! I will play calm music in the kitchen.");
  await expect(details).toContainText("The plan was 6 % too high.");
  await tree.getByRole("button", { name: /Try another learning rate.*failed/ }).click();
  await expect(details.getByRole("alert")).toContainText("The loss grew without bound at step 31");
  await details.getByRole("button", { name: "Back to the result" }).click();
  await expect(details.getByRole("heading", { name: "Remove rows that contradict each other" })).toBeVisible();
});

test("hostile text from a model or a file stays text", async ({ page, open }) => {
  const evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
  const nodes = finishedNodes.map((node) => ({ ...node, insight: evil, plan: { ...node.plan, title: evil, hypothesis: evil }, samples: [{ prompt: evil, expected: evil, answer: evil, score: 0 }] }));
  await open(handlersFor([{ ...finishedRun, nodes, insights: [{ nodeId: "n11", text: evil }], phase: evil }]), "&run=commands");
  await expect(page.getByText(evil).first()).toBeVisible();
  expect(await page.title()).toBe("Run · TREX Desktop");
  expect(await page.locator("#root img, #root script").count()).toBe(0);
});

test("the tree is walked with the arrow keys, drawn and as a list", async ({ page, open }) => {
  await open(handlersFor(allRuns), "&run=commands");
  const details = page.getByRole("region", { name: "Details of the selected experiment" });
  const heading = details.getByRole("heading", { level: 2 });
  await page.locator("[data-card=n11]").focus();
  await page.keyboard.press("ArrowLeft");
  await expect(heading).toHaveText("Train for more epochs");
  await expect(page.locator("[data-card=n7]")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(heading).toHaveText("Change the adapter's rank");
  await page.keyboard.press("Home");
  await expect(heading).toHaveText("Base model, asked plainly");
  await page.keyboard.press("Enter");
  await expect(page.locator(".run-side")).toBeFocused();

  await page.getByRole("button", { name: "List", exact: true }).click();
  const grid = page.getByRole("treegrid", { name: "Experiments" });
  const row = (name: string): ReturnType<typeof grid.getByRole> => grid.getByRole("row", { name: new RegExp(name) });
  await expect(grid.getByRole("row")).toHaveCount(13);
  await row("Base model, asked plainly").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(row("Default recipe")).toBeFocused();
  await expect(row("Default recipe")).toHaveAttribute("aria-level", "3");
  await page.keyboard.press("ArrowLeft");
  await expect(row("Default recipe")).toHaveAttribute("aria-expanded", "false");
  await expect(grid.getByRole("row")).toHaveCount(4);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("End");
  await expect(heading).toHaveText("Train on half of the rows");
  await expectAccessible(page);
});

test("the whole page is reached with the tab key, and the focus is always seen", async ({ page, open }) => {
  await open(handlersFor(allRuns), "&run=commands-live");
  await expect(page.locator("[data-card=n7]")).toBeVisible();
  const reached: string[] = [];
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const style = getComputedStyle(element);
      const around = element.closest(".runs-row");
      return { name: element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40), outlined: style.outlineStyle !== "none" || around !== null };
    });
    if (focus === null) break;
    expect(focus.outlined, `${focus.name} shows its focus`).toBe(true);
    reached.push(focus.name);
  }
  for (const wanted of ["Skip to content", "Runs", "Pause", "Stop", "List", "Zoom in"]) expect(reached).toContain(wanted);
});

test("pause, resume and stop speak to the host", async ({ page, open }) => {
  const server = await open(handlersFor(allRuns), "&run=commands-live");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await expect(page.getByText("Paused. Nothing is lost.")).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(page.getByRole("dialog", { name: "Stop this run?" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Keep running" }).click();
  expect(server.calls.some((call) => call.name === "runs.stop")).toBe(false);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("button", { name: "Stop the run" }).click();
  await expect(page.getByText("Stopped. What was found is kept.")).toBeVisible();
  expect(server.calls.filter((call) => /pause|resume|stop/.test(call.name))).toEqual(["pause", "resume", "stop"].map((name) => ({ name: `runs.${name}`, request: { runId: "commands-live" } })));
});

test("a command that is refused says why, and the run stays on the screen", async ({ page, open }) => {
  await open(handlersFor(allRuns, { "runs.pause": () => { throw new Refusal("run.busy", "The run is writing its result and cannot be paused now.", "Try again in a moment."); } }), "&run=commands-live");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await expect(page.getByRole("alert").filter({ hasText: "cannot be paused now" })).toContainText("Try again in a moment.");
  await expect(page.locator("[data-card=n7]")).toBeVisible();
});

test.describe("a lost connection", () => {
  // The browser itself logs each refused connection.
  test.use({ allowConsole: [/net::ERR_/] });
  test("is said, what was shown stays, and the state is loaded again when it is back", async ({ page, open }) => {
    const server = await open(handlersFor(allRuns), "&run=commands-live");
    await expect(page.locator("[data-card=n7]")).toBeVisible();
    server.cut();
    await expect(page.getByText("The connection to TREX is lost.")).toBeVisible();
    await expect(page.locator("[data-card=n7]")).toBeVisible();
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await expect(page.getByText("TREX does not answer.")).toBeVisible();
    await expectAccessible(page);
    const calls = server.calls.length;
    server.restore();
    await expect(page.getByText("The connection to TREX is lost.")).toBeHidden({ timeout: 20_000 });
    await expect.poll(() => server.calls.slice(calls).map((call) => call.name)).toContain("runs.get");
  });
});

test("a run without experiments, readings or a task shows what is coming", async ({ page, open }) => {
  const view = makeRun("young", [], { status: "preparing", phase: "Reading the data.", requirement: null, importReport: null });
  await open(handlersFor([view]), "&run=young");
  await expect(page.getByText("No experiment yet.")).toBeVisible();
  await expect(page.getByText("No score yet.")).toBeVisible();
  await expect(page.getByText("No reading yet.")).toBeVisible();
  await expectAccessible(page);
});

import type { Card, LibraryView, OnlineResult, SearchHit } from "../../contract/index.js";
import { onlineSources, type Result } from "../../contract/index.js";
import { discoverData } from "../discover-data.js";
import { refuse, usageFailure, type Command, type CommandContext, type ExitCode } from "./command.js";
import { plain } from "./output.js";

export const libraryCommand: Command = {
  name: "library",
  summary: "the library: documents, knowledge cards, data sets on this disk",
  usage: "library ls | add PATH | remove ID | search WORDS | cards [WORDS] | online SOURCE WORDS | data --goal TEXT [--data FILE] [--online]",
  details: [
    "add PATH          a PDF, Markdown, HTML, BibTeX or text file, or a folder of them; what is hidden in a document is kept out",
    "search WORDS      documents and cards, by words and, where an embedding model is chosen, by meaning",
    `online SOURCE     one of ${onlineSources.join(", ")}; refused without opening a connection while the offline switch is on`,
    "data              data sets in the folders you allowed and in the Hugging Face cache, with licence, overlap and a reason",
  ],
  example: "trex library search \"learning rate small model\"",
  options: { goal: { type: "string" }, data: { type: "string" }, online: { type: "boolean" } },
  positionals: { least: 1, most: 24 },
  async run(context) {
    const [action = "", ...words] = context.positionals;
    const { library, online } = context.app().knowledge;
    const text = words.join(" ");
    switch (action) {
      case "ls": return print(context, await library.view(context.signal), describeLibrary);
      case "add": return print(context, await library.add(words[0] ?? "", context.signal), describeLibrary);
      case "remove": return print(context, await library.remove(words[0] ?? "", context.signal), describeLibrary);
      case "search": return print(context, await library.search(text, 12, context.signal), describeHits);
      case "cards": {
        const view = await library.view(context.signal);
        return print(context, view.ok ? { ok: true, value: view.value.cards.filter((card) => text === "" || `${card.title} ${card.claim} ${card.tags.join(" ")}`.toLowerCase().includes(text.toLowerCase())) } : view, describeCards);
      }
      case "online": {
        const source = onlineSources.find((each) => each === words[0]);
        if (source === undefined) return refuse(context, usageFailure(`Online sources are ${onlineSources.join(", ")}, not "${(words[0] ?? "").slice(0, 40)}".`));
        await context.app().settings.data();
        return print(context, await online.search(source, words.slice(1).join(" "), context.signal), describeOnline);
      }
      case "data": return await discover(context);
      default: return refuse(context, usageFailure(`trex library knows ls, add, remove, search, cards, online and data, not "${action.slice(0, 40)}".`));
    }
  },
};

async function discover(context: CommandContext): Promise<ExitCode> {
  const goal = context.values.text("goal");
  if (goal === undefined) return refuse(context, usageFailure("--goal is missing: data sets are ranked by it."));
  const app = context.app();
  const { dataFolders } = await app.settings.data();
  const found = await discoverData(
    { runs: app.runs, online: app.knowledge.online, home: app.places.home, environment: process.env, settings: { dataFolders, isOffline: () => app.settings.isOffline() } },
    { goal, data: context.values.text("data") ?? null, online: context.values.flag("online") }, context.signal,
  );
  return print(context, found, (proposals) => (proposals.length === 0
    ? "No data set was found in the folders you allowed or in the Hugging Face cache."
    : proposals.map((each) => `${each.usable ? "+" : "-"} ${plain(each.name)}  ${each.rows ?? "?"} rows, licence ${plain(each.licence ?? "not stated")}, relevance ${each.relevance.toFixed(2)}${each.overlappingRows === null ? "" : `, ${each.overlappingRows} rows overlap the held-out ones`}\n    ${plain(each.location)}\n    ${plain(each.reason)}`).join("\n")));
}

function print<Value>(context: CommandContext, result: Result<Value>, describe: (value: Value) => string): ExitCode {
  if (!result.ok) return refuse(context, result.error);
  if (context.json) context.output.json(result.value);
  else context.output.result(describe(result.value));
  return 0;
}

function describeLibrary({ documents, cards, embeddingModel }: LibraryView): string {
  const count = (kind: Card["kind"]): number => cards.filter((card) => card.kind === kind).length;
  return [
    ...documents.map((each) => `${each.id.slice(0, 12)}  ${each.status === "failed" ? "failed" : `${each.pages} pages, ${each.cards} cards`}${each.hiddenCharacters > 0 ? `, ${each.hiddenCharacters} hidden characters left out` : ""}  ${plain(each.title)}${each.warnings.map((warning) => `\n              ${plain(warning)}`).join("")}`),
    `${documents.length} documents; ${count("built-in")} built-in cards, ${count("document")} from documents, ${count("insight")} from earlier runs. Search by meaning: ${embeddingModel === null ? "no embedding model chosen" : plain(embeddingModel)}.`,
  ].join("\n");
}

function describeHits(hits: readonly SearchHit[]): string {
  return hits.length === 0 ? "Nothing was found." : hits.map((hit) => `${hit.source === "card" ? "card    " : "document"}  ${plain(hit.title)}${hit.page === null ? "" : `, page ${hit.page}`} (${hit.by})\n          ${plain(hit.snippet)}`).join("\n");
}

function describeCards(cards: readonly Card[]): string {
  return cards.map((card) => `${card.id} (${card.kind}, ${card.confidence})\n  ${plain(card.claim)}\n  Scope: ${plain(card.scope)}\n  Source: ${card.sources.map((source) => plain(`${source.title}, ${source.reference}${source.locator === "" ? "" : `, ${source.locator}`}`)).join("; ")}${card.disagreements.map((other) => `\n  But ${plain(other.source)}: ${plain(other.claim)}`).join("")}`).join("\n");
}

function describeOnline(results: readonly OnlineResult[]): string {
  return results.map((each) => `${plain(each.title)} (${each.year ?? "no year"})\n  ${plain(each.url)}${each.licence === null ? "" : `, licence ${plain(each.licence)}`}`).join("\n");
}

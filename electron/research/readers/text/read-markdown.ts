import type { ExtractedDocument } from "../extracted-document.js";
import { createHiddenTally, type HiddenTally } from "../hidden-tally.js";
import { visibleText } from "../html/read-html.js";
import { partsOf } from "../parts.js";
import { plainTitle, tidy, visibleCharacters } from "../plain-text.js";

/**
 * Markdown as its rendering shows it: HTML inside is judged like a page, code is kept as it stands, and what renders to
 * nothing (comments, link definitions, link addresses and titles, pictures' descriptions, front matter) is left out.
 */
export function readMarkdown(source: string): ExtractedDocument {
  const tally = createHiddenTally();
  const front = /^\uFEFF?---\n([^]*?)\n(?:---|\.\.\.)(?:\n|$)/u.exec(source.replaceAll("\r\n", "\n"));
  const body = source.replaceAll("\r\n", "\n").slice(front?.[0].length ?? 0);
  const frontTitle = /^title:[^\S\n]*["']?(.*?)["']?[^\S\n]*$/mu.exec(front?.[1] ?? "")?.[1];
  if (front?.[1] !== undefined) tally.add(1, "not-rendered", front[1]);

  const shelter = createShelter();
  const sheltered = shelter.hide(body);
  const shown = visibleText(withoutUnrendered(sheltered, tally), tally, { keepLines: true }).text;
  const text = tidy(shelter.bring(shown, tally));
  const heading = /^#{1,2}[^\S\n]+(.+?)[^\S\n]*#*$/mu.exec(text)?.[1] ?? /^(.+)\n=+$/mu.exec(text)?.[1];
  const title = plainTitle(frontTitle ?? heading ?? "", 200);
  return { title: title === "" ? null : title, pages: partsOf(text), hidden: tally.result(), warnings: [] };
}

/** Takes code out of the HTML parser's way: "List<int>" in a code block is text, not an element. */
function createShelter(): { hide(text: string): string; bring(text: string, tally: HiddenTally): string } {
  const kept: string[] = [];
  let mark = "";
  const keep = (code: string): string => { kept.push(code); return `${mark}${kept.length - 1}q`; };
  return {
    hide: (text) => {
      // A word the document does not hold.
      for (let number = 0; mark === "" || text.includes(mark); number += 1) mark = `kept${number}code`;
      return text
        .replace(/^([^\S\n]{0,3})(`{3,}|~{3,})[^\n]*\n([^]*?)(?:\n[^\S\n]{0,3}\2[`~]*[^\S\n]*(?=\n|$)|$(?![^]))/gmu, (_whole, _indent: string, _fence: string, code: string) => keep(code))
        .replace(/(?<!`)(`{1,3})(?!`)([^\n`](?:[^\n]{0,400}?[^\n`])?)\1(?!`)/gu, (_whole, _fence: string, code: string) => keep(code));
    },
    bring: (text, tally) => text.replace(new RegExp(`${mark}(\\d+)q`, "gu"), (_whole, index: string) => {
      const code = visibleCharacters(kept[Number(index)] ?? "");
      tally.addCount(1, "control-characters", code.removed);
      return code.text;
    }),
  };
}

function withoutUnrendered(text: string, tally: HiddenTally): string {
  const drop = (hidden: string): string => { tally.add(1, "not-rendered", hidden); return ""; };
  return text
    // [//]: # (a comment in disguise), [id]: address "title"
    .replace(/^[^\S\n]{0,3}\[[^\]\n]{1,200}\]:[^\n]*(?:\n[^\S\n]+["'(][^\n]*)?$/gmu, drop)
    .replace(/!\[([^\]\n]{0,1000})\]\(([^()\n]{0,2000})\)/gu, (_whole, description: string, target: string) => drop(description + target))
    .replace(/\[([^\]\n]{0,1000})\]\(([^()\n]{0,2000})\)/gu, (_whole, label: string, target: string) => {
      // An address is a link's business; a title after it is text that only hovering shows.
      drop(/\s["'(](.*)["')]\s*$/u.exec(target)?.[1] ?? "");
      return label;
    });
}

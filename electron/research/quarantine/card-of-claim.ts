import { numericFields, type Card, type CardEffect } from "../../contract/index.js";
import { plainTitle } from "../readers/plain-text.js";
import { claimFields, type Claim } from "./claim.js";

export interface DocumentFacts {
  readonly sha256: string;
  readonly title: string;
  /** Without its folder. */
  readonly fileName: string;
  /** What its places are called: "page 3", "entry 3", "part 3". */
  readonly place: "page" | "entry" | "part";
}

/** How a claim was read; kept on the card as a tag. */
export type ReaderTag = "rules-1" | `reader-${number}`;

/** One document's number is a hint: it pulls the optimiser's prior a third of the field's range wide, at most. */
const spreadOf = { used: 0.35, best: 0.25 } as const;
const mostPages = 6;

/** The card in our own words. Of the document's words only its title and its file's name are on it, cleaned and bounded, as its source. */
export function cardOfClaim(claim: Claim, pages: readonly number[], document: DocumentFacts, reader: ReaderTag, withEffect: boolean): Card {
  const { name, unit, tag } = claimFields[claim.field];
  const value = `${formatNumber(claim.value)}${unit === "" || name.includes(unit) ? "" : ` ${unit}`}`;
  const subject = `a ${name} of ${value}`.replace(/^a adapter/u, "an adapter");
  const sentence = {
    used: `A document in the library reports training with ${subject}.`,
    best: `A document in the library reports ${subject} among its better settings.`,
    "too-high": `A document in the library reports trouble with ${subject}: too much.`,
    "too-low": `A document in the library reports trouble with ${subject}: too little.`,
  }[claim.direction];
  const places = [...new Set(pages)].sort((first, second) => first - second);
  const locator = `${document.place}${places.length === 1 ? "" : "s"} ${places.slice(0, mostPages).join(", ")}${places.length > mostPages ? ", …" : ""}`.replace("entrys", "entries");
  return {
    id: `doc-${document.sha256.slice(0, 16)}-${claim.field.toLowerCase()}-${slugOf(claim.value)}`,
    kind: "document",
    title: `Reported ${name}: ${value}`,
    claim: sentence,
    scope: `As one document says (${locator}); its model, data and method may differ from yours.`,
    numbers: [{ name, value: claim.value, unit }],
    effects: withEffect ? effectsOf(claim) : [],
    sources: [{ title: plainTitle(document.title, 200) || "Untitled", reference: plainTitle(document.fileName, 300) || "document", locator, year: null }],
    disagreements: [],
    confidence: "reported",
    tags: ["document", tag, reader],
    provenance: null,
  };
}

function effectsOf(claim: Claim): CardEffect[] {
  const { menuField } = claimFields[claim.field];
  if (menuField === null || (claim.direction !== "used" && claim.direction !== "best")) return [];
  const { minimum, maximum } = numericFields[menuField];
  if (claim.value < minimum || claim.value > maximum) return [];
  return [{ kind: "number", field: menuField, when: claim.when, centre: claim.value, spread: spreadOf[claim.direction] }];
}

/** As people write them: 0.0002 as 2e-4, 0.05 as 0.05, 52000 as 52000. */
export function formatNumber(value: number): string {
  return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential().replace("e+", "e") : String(Number(value.toPrecision(6)));
}

const slugOf = (value: number): string => value.toExponential(4).replace(/\.?0*e/u, "e").replace("e+", "e").replace(".", "-");

import { z } from "zod";

/** Why text that stands in a file does not reach a reader's eye. */
export const hiddenReasons = ["same-colour", "tiny", "off-page", "invisible", "covered", "switched-off", "comment", "not-rendered", "control-characters"] as const;
export type HiddenReason = (typeof hiddenReasons)[number];

export const extractedDocumentSchema = z.object({
  /** As the document shows it; cleaned and bounded, but a stranger's words all the same. null: none found. */
  title: z.string().max(200).nullable(),
  /** Visible text. PDF: the pages; BibTeX: the entries; else parts of a few thousand characters. Numbered from 1. */
  pages: z.array(z.object({ number: z.number().int().positive(), text: z.string() })),
  hidden: z.array(z.object({ reason: z.enum(hiddenReasons), page: z.number().int().positive(), characters: z.number().int().positive() })),
  /** Plain sentences. */
  warnings: z.array(z.string()),
});
export type ExtractedDocument = z.infer<typeof extractedDocumentSchema>;
export type DocumentPage = ExtractedDocument["pages"][number];
export type HiddenText = ExtractedDocument["hidden"][number];

const wordings: Record<HiddenReason, string> = {
  "same-colour": "in the colour of its background",
  tiny: "too small to read",
  "off-page": "outside the page",
  invisible: "drawn invisibly",
  covered: "painted over",
  "switched-off": "switched off or hidden by the page",
  comment: "in comments",
  "not-rendered": "in places that are not shown",
  "control-characters": "zero-width, direction or tag characters",
};

export const hiddenCharacters = (hidden: readonly HiddenText[]): number => hidden.reduce((sum, { characters }) => sum + characters, 0);

/** "1204 characters that a person would not see were left out: 900 in the colour of its background (pages 1, 3), …"; null when there are none. */
export function hiddenSentence(hidden: readonly HiddenText[], hasPages: boolean): string | null {
  const total = hiddenCharacters(hidden);
  if (total === 0) return null;
  const kinds = hiddenReasons.flatMap((reason) => {
    const ofKind = hidden.filter((entry) => entry.reason === reason);
    if (ofKind.length === 0) return [];
    const pages = [...new Set(ofKind.map(({ page }) => page))].sort((first, second) => first - second);
    const where = hasPages ? ` (page${pages.length === 1 ? "" : "s"} ${pages.slice(0, 8).join(", ")}${pages.length > 8 ? ", …" : ""})` : "";
    return [`${hiddenCharacters(ofKind)} ${wordings[reason]}${where}`];
  });
  return `${total} character${total === 1 ? "" : "s"} that a person would not see ${total === 1 ? "was" : "were"} left out: ${kinds.join(", ")}.`;
}

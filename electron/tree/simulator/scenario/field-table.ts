import { familyFields, familyFieldNames, type FamilyField } from "./family-fields.js";

/** Every constant of a family as a Markdown table: name, bounds, what holds when it is left out, unit and source. */
export function fieldTable(): string {
  const lines: string[] = [];
  let group = "";
  for (const name of familyFieldNames) {
    const field: FamilyField = familyFields[name];
    if (field.group !== group) {
      group = field.group;
      lines.push(...(lines.length === 0 ? [] : [""]), `**${group}**`, "", "| constant | bounds | when left out | meaning |", "| --- | --- | --- | --- |");
    }
    const standard = typeof field.standard === "number" ? number(field.standard) : `${number(field.standard[0])} to ${number(field.standard[1])}`;
    lines.push(`| \`${name}\` | ${number(field.minimum)} to ${number(field.maximum)}${field.log === true ? ", log" : ""} | ${standard} | ${field.about} |`);
  }
  return lines.join("\n");
}

const number = (value: number): string => (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6) ? value.toExponential().replace("e+", "e") : String(value));

import { createRandom, deriveSeed } from "../../../stats/index.js";
import { familyFields, familyFieldNames, type Constants, type FamilyField } from "./family-fields.js";
import type { Family } from "./scenario.js";

/** Each constant has its own random stream: changing one range moves no other constant. */
export function drawConstants(family: Pick<Family, "constants">, seed: number): Constants {
  return Object.fromEntries(familyFieldNames.map((name) => {
    const field: FamilyField = familyFields[name];
    const range = family.constants[name] ?? field.standard;
    if (typeof range === "number") return [name, range];
    const share = createRandom(deriveSeed(seed, "constant", name))();
    const [low, high] = range;
    return [name, field.log === true && low > 0 ? low * (high / low) ** share : low + (high - low) * share];
  })) as unknown as Constants;
}

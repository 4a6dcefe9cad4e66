import type { Constants } from "../scenario/family-fields.js";

/** Log-odds lost outside of the task: nothing up to the harmless hardness, then with its logarithm. */
export const forgettingOf = (hardness: number, constants: Constants): number => constants.forgetting * Math.max(0, Math.log10(hardness / constants.forgettingAfter));

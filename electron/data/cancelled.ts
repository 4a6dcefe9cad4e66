import { err, type Failure, type Result } from "../contract/index.js";

export const cancelledFailure: Failure = { class: "CANCELLED", code: "data.cancelled", message: "Working on the data was stopped; the files that were there are unchanged.", hint: "" };
export const cancelled = (): Result<never> => err(cancelledFailure);

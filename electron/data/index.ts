import type { Data, LlamaHost } from "../contract/index.js";
import { buildTrainingSet } from "./build-training-set.js";
import { prepareData } from "./prepare-data.js";

export { countOverlap } from "./count-overlap.js";
export { countOverlapOfFile } from "./count-overlap-of-file.js";
export { describeDataset, type DatasetDescription } from "./describe/describe-dataset.js";
export { formatRulesOf } from "./describe/format-rules.js";
export { inferSkill } from "./describe/infer-skill.js";
export { inspectDataset, type DatasetInspection } from "./describe/inspect-dataset.js";
export { quotable } from "./describe/quotable.js";
export { commonShots, openShots } from "./prompt/open-shots.js";
export { noShots, type Shots } from "./prompt/shots.js";
export { createTokenization, type Asked, type Tokenization, type TokenizedRow } from "./prompt/tokenize-rows.js";
export { readSplit } from "./split-files.js";
export { answerOf, promptOf } from "./identity.js";

/** The data service: import, splits, and one training set per recipe. */
export function createData({ llama }: { readonly llama: LlamaHost }): Data {
  return {
    prepare: (request, signal) => prepareData(llama, request, signal),
    buildTrainingSet: (request, signal) => buildTrainingSet(llama, request, signal),
  };
}

import type { Data, LlamaHost } from "../contract/index.js";
import { buildTrainingSet } from "./build-training-set.js";
import { prepareData } from "./prepare-data.js";

export { composePrompt } from "./compose-conversation.js";
export { inspectDataset, type DatasetInspection } from "./inspect-dataset.js";
export { readShots, readSplit } from "./split-files.js";
export { createTokenization, type Tokenization, type TokenizedRow } from "./tokenize-rows.js";
export { answerOf, promptOf } from "./identity.js";

/** The data service: import, splits, and one training set per recipe. */
export function createData({ llama }: { readonly llama: LlamaHost }): Data {
  return {
    prepare: (request, signal) => prepareData(llama, request, signal),
    buildTrainingSet: (request, signal) => buildTrainingSet(llama, request, signal),
  };
}

// An Adapter written as a PEFT folder, for Hugging Face's programs.
#pragma once

#include <string>
#include <vector>

#include "gguf/adapter_file.h"
#include "peft/adapter_import.h"

namespace trex {

struct ExportedAdapter {
  WrittenFile weights; // adapter_model.safetensors, F32
  WrittenFile config;  // adapter_config.json
};

// Scales need no rewriting: PEFT divides alpha by each module's own rank as llama.cpp does. r is the most frequent rank
// and rank_pattern names the other modules in full; alpha 0 (scale 1) becomes lora_alpha = r, with alpha_pattern for
// the others. B of query and key gets Hugging Face's order of rows. Reading the folder back gives the same values bit
// for bit.
//
// `path` is where the layers lie in the Hugging Face model: "model", or "model.language_model" / "language_model.model"
// for the text model inside a multimodal one. `base_model` is stored as base_model_name_or_path; PEFT loads that model.
// adapter_config.json is written last, so a folder that has it is whole.
// Throws Failure CONFIG "peft.out_exists" when the folder holds anything, "peft.architecture" or "peft.unknown_target"
// when a tensor has no module name, ENV "file.write".
ExportedAdapter write_peft_folder(const std::string &utf8_folder, const Adapter &adapter, const ModelFile &base,
                                  const std::vector<HeadCounts> &layer_heads, const std::string &path,
                                  const std::string &base_model);

} // namespace trex

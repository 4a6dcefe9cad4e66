// PEFT adapter folders read as the Adapter that a GGUF file would give.
#pragma once

#include <string>
#include <vector>

#include "gguf/adapter_file.h"
#include "gguf/model_file.h"
#include "peft/permutation.h"

namespace trex {

// Reads `adapter_config.json` and `adapter_model.safetensors` of the folder; every tensor is checked against the base,
// its rows are put into the order of the GGUF (peft/permutation.h), and alpha is chosen so that llama.cpp's alpha /
// rank is PEFT's scale:
//   - All modules with one numerator n = alpha (or alpha sqrt(r) with use_rslora): the adapter's alpha is n rounded to
//     fp32, as GGUF stores it (a relative 6e-8 at most), and B is as stored.
//   - Others: alpha is the most frequent numerator, and B of a module with numerator m is multiplied by m / alpha,
//     rounded once to fp32; exact when that is a power of two. A product that fp32 cannot hold to 24 bits is refused.
//   - Every module with the scale 1 but differing ranks: alpha 0, which means scale 1 in a GGUF.
// `layer_heads` is as for heads_to_reorder.
//
// Nothing but these two files is opened: base_model_name_or_path is never followed. Throws Failure CONFIG:
//   "peft.not_folder", "peft.missing_file"
//   "peft.pickle"            only a .bin or .pt is there: unpickling runs code that the file brings along
//   "peft.outside_folder"    a symbolic link leads out of the folder
//   "peft.architecture"      no names are known for the base's architecture
//   "peft.unsupported_tensor" a tensor that is neither lora_A nor lora_B of a module
//   "peft.duplicate_tensor", "peft.unpaired_tensor"
//   "peft.unknown_target"    a module that the base has not, or that adapter_config.json does not target
//   "peft.bad_shape", "peft.rank_mismatch" (with adapter_config.json), "peft.not_finite"
//   "peft.scale"             a scale that fp32 cannot hold
// and what PeftConfig::parse, read_safetensors and MappedFile::open throw.
Adapter read_peft_folder(const std::string &utf8_folder, const ModelFile &base,
                         const std::vector<HeadCounts> &layer_heads);

} // namespace trex

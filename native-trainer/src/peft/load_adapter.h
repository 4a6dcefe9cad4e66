// The one way to an adapter that a request names, whatever kind of path it is.
#pragma once

#include <string>
#include <vector>

#include "gguf/adapter_file.h"
#include "peft/adapter_import.h"

namespace trex {

// A folder is read as a PEFT adapter, a file as a GGUF. Throws Failure CONFIG as read_peft_folder and read_adapter do;
// "peft.pickle" for a pickled file, "peft.not_folder" for a single .safetensors file, which lacks its scale.
Adapter load_adapter(const std::string &utf8_path, const ModelFile &base);

// Of every layer of the base where the order of rows depends on them (peft/permutation.h); empty otherwise.
std::vector<HeadCounts> layer_heads(const ModelFile &base);

} // namespace trex

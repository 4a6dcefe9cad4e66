// A model with an adapter folded into its weights, stored as before or in another type.
#pragma once

#include <optional>
#include <string>

#include "common/thread_pool.h"
#include "gguf/adapter_file.h"
#include "gguf/model_file.h"
#include "gguf/model_writer.h"

namespace trex {

// W' = W + adapter_scale * (alpha / rank) * B A for every target, computed in fp32 and quantised once. Tensors that
// neither change value nor type are copied bit for bit. `adapter` may be null; without `type` every tensor keeps its own.
// Throws as ModelWriter::write does.
WrittenFile merge_model(const ModelFile &model, const Adapter *adapter, double adapter_scale,
                        std::optional<ggml_type> type, const std::string &utf8_path, ThreadPool &threads);

} // namespace trex

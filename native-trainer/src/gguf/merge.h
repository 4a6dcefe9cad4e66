// A model with an adapter folded into its weights, stored as before or in another type.
#pragma once

#include <optional>
#include <string>

#include "common/thread_pool.h"
#include "gguf/adapter_file.h"
#include "gguf/model_file.h"
#include "gguf/model_writer.h"
#include "gguf/type_mix.h"

namespace trex {

// W' = W + adapter_scale * (alpha / rank) * B A for every target, computed in fp32 and quantised once. Tensors that
// neither change value nor type are copied bit for bit. `adapter` may be null; without `storage` every tensor keeps its
// own type, and with it so do those that do not take_storage_type. Throws as ModelWriter::write and, with `storage`, as
// read_hyper_parameters do.
WrittenFile merge_model(const ModelFile &model, const Adapter *adapter, double adapter_scale,
                        std::optional<Storage> storage, const std::string &utf8_path, ThreadPool &threads);

} // namespace trex

// PEFT folders on a tiny llama, made by hand, and what the reader says of them.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/failure.h"
#include "peft/load_adapter.h"
#include "support/check.h"
#include "support/gguf_bytes.h"
#include "support/numbers.h"
#include "support/safetensors_bytes.h"

namespace trex::test {

inline std::string path_of(const std::string &name) { return scratch_folder() + "/" + name; }

// One layer, width 8, two query heads of four over one key-value head.
inline TinyModel wide_head() {
  TinyModel model;
  model.embedding = 8, model.head_dim = 4, model.key_length = 4;
  return model;
}

inline const ModelFile &llama() {
  static const ModelFile file = ModelFile::open(wide_head().save("llama.gguf"));
  return file;
}

struct Matrix {
  std::string key;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

inline std::string weights_of(const std::vector<Matrix> &matrices) {
  std::string header, buffer;
  for (const Matrix &matrix : matrices) {
    const size_t begin = buffer.size();
    buffer += float_bytes(matrix.values);
    header +=
        (header.empty() ? "" : ",") + nlohmann::json(matrix.key).dump() + ":" +
        nlohmann::json{{"dtype", "F32"}, {"shape", matrix.shape}, {"data_offsets", {begin, buffer.size()}}}.dump();
  }
  return safetensors_bytes("{" + header + "}", buffer);
}

// A pair for a module of eight inputs.
inline std::vector<Matrix> pair(const std::string &module, int64_t out, int64_t rank) {
  const std::string key = "base_model.model.model.layers.0." + module;
  return {{key + ".lora_A.weight", {rank, 8}, random_values(rank * 8, 1)},
          {key + ".lora_B.weight", {out, rank}, random_values(out * rank, 2)}};
}

inline std::vector<Matrix> operator+(std::vector<Matrix> x, const std::vector<Matrix> &y) {
  x.insert(x.end(), y.begin(), y.end());
  return x;
}

inline nlohmann::json config(const nlohmann::json &changes = nlohmann::json::object()) {
  nlohmann::json document = {{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 8}, {"target_modules", "all-linear"}};
  document.update(changes);
  return document;
}

inline Adapter read(const nlohmann::json &document, const std::vector<Matrix> &matrices) {
  return load_adapter(peft_folder("read", document.dump(), weights_of(matrices)), llama());
}

template <class Action> std::string code_of(const Action &action) {
  try {
    action();
    return "accepted";
  } catch (const Failure &failure) {
    return failure.cls == FailureClass::config && failure.message.ends_with(".") && !failure.hint.empty()
               ? failure.code
               : "bad failure";
  }
}

inline std::string refusal(const nlohmann::json &document, const std::vector<Matrix> &matrices) {
  return code_of([&] { read(document, matrices); });
}

inline const AdapterTensor &tensor_of(const Adapter &adapter, const std::string &base) {
  return *std::find_if(adapter.tensors.begin(), adapter.tensors.end(), [&](const auto &t) { return t.base == base; });
}

inline bool same_bits(const std::vector<float> &x, const std::vector<float> &y) {
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
}

// A module of four outputs and rank 2.
inline const std::vector<Matrix> v2 = pair("self_attn.v_proj", 4, 2);

} // namespace trex::test

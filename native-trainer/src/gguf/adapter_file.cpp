// Format: llama.cpp src/llama-adapter.cpp (loader) and convert_lora_to_gguf.py (writer) at the pinned tag.
#include "gguf/adapter_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "common/failure.h"
#include "gguf/decode.h"
#include "gguf/model_writer.h"

namespace trex {
namespace {

constexpr std::string_view suffix_a = ".lora_a";
constexpr std::string_view suffix_b = ".lora_b";
constexpr int64_t max_rank = 4096;

class AdapterReader {
public:
  AdapterReader(const ModelFile &file, const ModelFile &base) : file_(file), base_(base) {}

  Adapter read() const {
    if (file_.text("general.type").value_or("") != "adapter") {
      fail("adapter.not_adapter", "its general.type is not \"adapter\"", "Choose a LoRA adapter, not a model.");
    }
    if (file_.architecture() != base_.architecture()) {
      fail("adapter.architecture",
           "it was made for architecture \"" + file_.architecture() + "\", the model is \"" + base_.architecture() + "\"",
           "Use the adapter with the model it was trained on.");
    }
    if (file_.text("adapter.type").value_or("") != "lora") {
      fail("adapter.type", "its adapter.type is not \"lora\"", "Choose a LoRA adapter.");
    }
    Adapter adapter;
    adapter.name = file_.text("general.name").value_or("");
    adapter.alpha = alpha();
    for (const auto &[base_name, pair] : pairs()) adapter.tensors.push_back(read_pair(base_name, pair));
    if (adapter.tensors.empty()) fail("adapter.unpaired_tensor", "it holds no tensors", "Export the adapter again.");
    return adapter;
  }

private:
  struct Pair {
    const TensorView *a = nullptr;
    const TensorView *b = nullptr;
  };

  [[noreturn]] void fail(const char *code, const std::string &what, const char *hint) const {
    throw config_failure(code, file_.path() + " cannot be used as an adapter: " + what + ".", hint);
  }

  // llama.cpp reads nothing but a float32 here and would take another type for a different scale.
  double alpha() const {
    const int64_t id = gguf_find_key(file_.context(), "adapter.lora.alpha");
    if (id < 0) return 0.0;
    const double value = gguf_get_kv_type(file_.context(), id) == GGUF_TYPE_FLOAT32
                             ? static_cast<double>(gguf_get_val_f32(file_.context(), id))
                             : std::nan("");
    if (!std::isfinite(value) || value < 0.0) {
      fail("adapter.alpha", "its adapter.lora.alpha is not a 32-bit float of zero or more", "Export the adapter again.");
    }
    return value;
  }

  std::map<std::string, Pair> pairs() const {
    std::map<std::string, Pair> found;
    for (const TensorView &tensor : file_.tensors()) {
      const std::string_view name = tensor.name;
      if (name.ends_with(suffix_a)) {
        found[std::string(name.substr(0, name.size() - suffix_a.size()))].a = &tensor;
      } else if (name.ends_with(suffix_b)) {
        found[std::string(name.substr(0, name.size() - suffix_b.size()))].b = &tensor;
      } else {
        fail("adapter.unsupported_tensor", "its tensor \"" + tensor.name + "\" is neither a lora_a nor a lora_b",
             "Export a plain LoRA, without biases, norms or saved modules.");
      }
    }
    return found;
  }

  AdapterTensor read_pair(const std::string &base_name, const Pair &pair) const {
    if (pair.a == nullptr || pair.b == nullptr) {
      fail("adapter.unpaired_tensor", "\"" + base_name + "\" has only one of its two tensors", "Export the adapter again.");
    }
    const TensorView *target = base_.find(base_name);
    if (target == nullptr || target->n_dims < 2 || target->n_dims > 3 || base_name == "token_embd.weight") {
      fail("adapter.unknown_target", "\"" + base_name + "\" is not a matrix of the model that an adapter can change",
           "Use the adapter with the model it was trained on.");
    }
    AdapterTensor result;
    result.base = base_name;
    result.in = target->ne[0];
    result.out = target->ne[1];
    result.rank = pair.b->ne[0];
    result.experts = target->ne[2];
    const std::array<int64_t, 4> a_shape = {result.in, result.rank, result.experts, 1};
    const std::array<int64_t, 4> b_shape = {result.rank, result.out, result.experts, 1};
    if (pair.a->ne != a_shape || pair.b->ne != b_shape || result.rank > max_rank) {
      fail("adapter.bad_shape", "its tensors for \"" + base_name + "\" do not fit the model",
           "Use the adapter with the model it was trained on.");
    }
    result.a = decode(*pair.a);
    result.b = decode(*pair.b);
    return result;
  }

  std::vector<float> decode(const TensorView &tensor) const {
    if (!is_readable_type(tensor.type)) {
      fail("adapter.unsupported_tensor", "its tensor \"" + tensor.name + "\" is stored as " + type_label(tensor.type),
           "Export the adapter in F32 or F16.");
    }
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    for (int64_t row = 0; row < tensor.rows(); ++row) {
      decode_row(tensor.type, tensor.row(row), values.data() + row * tensor.row_length(), tensor.row_length());
    }
    for (const float value : values) {
      if (!std::isfinite(value)) {
        fail("adapter.not_finite", "its tensor \"" + tensor.name + "\" holds a value that is not a finite number",
             "Train the adapter again with a smaller learning rate.");
      }
    }
    return values;
  }

  const ModelFile &file_;
  const ModelFile &base_;
};

// The values are stored multiplied by `factor`.
TensorSource matrix_source(std::string name, std::vector<int64_t> shape, const float *values, double factor,
                           ggml_type type) {
  TensorSource source;
  source.name = std::move(name);
  source.shape = std::move(shape);
  source.type = type;
  source.fill = [values, columns = source.shape[0], factor](int64_t first_row, int64_t count, float *out) {
    const float *from = values + first_row * columns;
    std::transform(from, from + count * columns, out,
                   [factor](float value) { return static_cast<float>(factor * static_cast<double>(value)); });
  };
  return source;
}

} // namespace

double scale_of(const Adapter &adapter, const AdapterTensor &tensor) {
  return adapter.alpha == 0.0 ? 1.0 : adapter.alpha / static_cast<double>(tensor.rank);
}

WrittenFile write_adapter(const std::string &utf8_path, const ModelFile &base, const std::string &name, double alpha,
                          const std::vector<AdapterTensorView> &tensors, ggml_type type) {
  if (type != GGML_TYPE_F32 && type != GGML_TYPE_F16) {
    throw config_failure("adapter.type", std::string("An adapter cannot be stored as ") + type_label(type) + ".",
                         "Set output.type to F32 or F16.");
  }
  ModelWriter writer;
  writer.set_text("general.type", "adapter");
  writer.set_text("general.architecture", base.architecture());
  writer.set_text("general.name", name);
  writer.set_text("adapter.type", "lora");
  writer.set_f32("adapter.lora.alpha", static_cast<float>(alpha));
  for (const AdapterTensorView &tensor : tensors) {
    std::vector<int64_t> a = {tensor.in, tensor.rank}, b = {tensor.rank, tensor.out};
    if (tensor.experts > 1) {
      a.push_back(tensor.experts);
      b.push_back(tensor.experts);
    }
    writer.add(matrix_source(tensor.base + std::string(suffix_a), std::move(a), tensor.a, 1.0, type));
    writer.add(matrix_source(tensor.base + std::string(suffix_b), std::move(b), tensor.b, tensor.b_factor, type));
  }
  ThreadPool threads(1);
  return writer.write(utf8_path, threads);
}

Adapter read_adapter(const std::string &utf8_path, const ModelFile &base) {
  const ModelFile file = ModelFile::open(utf8_path);
  return AdapterReader(file, base).read();
}

} // namespace trex

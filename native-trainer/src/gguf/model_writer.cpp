#include "gguf/model_writer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "common/failure.h"
#include "gguf/decode.h"

namespace trex {
namespace {

constexpr int64_t floats_at_once = int64_t{1} << 20; // 4 MiB of rows are quantised and written together
constexpr float largest_half = 65504.0f;

// general.file_type as llama.cpp numbers it (enum llama_ftype in llama.h).
uint32_t file_type_number(ggml_type type) {
  switch (type) {
  case GGML_TYPE_F32: return 0;
  case GGML_TYPE_F16: return 1;
  case GGML_TYPE_Q4_0: return 2;
  case GGML_TYPE_Q4_1: return 3;
  case GGML_TYPE_Q8_0: return 7;
  case GGML_TYPE_Q5_0: return 8;
  case GGML_TYPE_Q5_1: return 9;
  case GGML_TYPE_Q4_K: return 15;
  case GGML_TYPE_Q5_K: return 17;
  case GGML_TYPE_Q6_K: return 18;
  case GGML_TYPE_IQ4_NL: return 25;
  case GGML_TYPE_IQ4_XS: return 30;
  case GGML_TYPE_MXFP4: return 38;
  case GGML_TYPE_BF16: return 32;
  default: return 0;
  }
}

// ggml's description of a tensor, without memory behind it.
ggml_tensor describe(const TensorSource &source) {
  ggml_tensor tensor{};
  tensor.type = source.type;
  for (size_t index = 0; index < GGML_MAX_DIMS; ++index) {
    tensor.ne[index] = index < source.shape.size() ? source.shape[index] : 1;
  }
  tensor.nb[0] = ggml_type_size(source.type);
  tensor.nb[1] = ggml_row_size(source.type, tensor.ne[0]);
  for (size_t index = 2; index < GGML_MAX_DIMS; ++index) {
    tensor.nb[index] = tensor.nb[index - 1] * static_cast<size_t>(tensor.ne[index - 1]);
  }
  ggml_set_name(&tensor, source.name.c_str());
  return tensor;
}

} // namespace

ggml_type storable_type(ggml_type wanted, int n_dims, int64_t row_length) {
  if (n_dims < 2) return GGML_TYPE_F32;
  ggml_type type = wanted;
  if (row_length % ggml_blck_size(type) != 0) {
    if (type == GGML_TYPE_Q4_K) type = GGML_TYPE_Q5_0;
    if (type == GGML_TYPE_Q5_K) type = GGML_TYPE_Q5_1;
    if (type == GGML_TYPE_Q6_K) type = GGML_TYPE_Q8_0;
    if (type == GGML_TYPE_IQ4_XS) type = GGML_TYPE_IQ4_NL;
  }
  return row_length % ggml_blck_size(type) == 0 ? type : GGML_TYPE_F16;
}

struct ModelWriter::State {
  gguf_context *metadata = gguf_init_empty();
  std::vector<TensorSource> tensors;
  std::optional<uint32_t> file_type;

  State() = default;
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State() { gguf_free(metadata); }

  void write_metadata(AtomicFile &file) {
    std::map<ggml_type, uint64_t> bytes_of_type;
    for (const TensorSource &source : tensors) {
      const ggml_tensor tensor = describe(source);
      gguf_add_tensor(metadata, &tensor);
      if (source.shape.size() > 1) bytes_of_type[source.type] += ggml_nbytes(&tensor);
    }
    const auto by_bytes = [](const auto &left, const auto &right) { return left.second < right.second; };
    const auto most = std::max_element(bytes_of_type.begin(), bytes_of_type.end(), by_bytes);
    if (most != bytes_of_type.end() && gguf_find_key(metadata, "adapter.type") < 0) { // adapters carry no file type
      gguf_set_val_u32(metadata, "general.file_type", file_type.value_or(file_type_number(most->first)));
      gguf_set_val_u32(metadata, "general.quantization_version", GGML_QNT_VERSION);
    }
    std::vector<char> header(gguf_get_meta_size(metadata));
    gguf_get_meta_data(metadata, header.data());
    file.write(header.data(), header.size());
  }

  static void write_values(AtomicFile &file, const TensorSource &source, ThreadPool &threads) {
    const int64_t row_length = source.shape[0];
    int64_t rows = 1;
    for (size_t index = 1; index < source.shape.size(); ++index) rows *= source.shape[index];
    const size_t row_bytes = ggml_row_size(source.type, row_length);
    const int64_t rows_at_once = std::clamp<int64_t>(floats_at_once / row_length, 1, rows);
    std::vector<float> values(static_cast<size_t>(rows_at_once * row_length));
    std::vector<std::byte> stored(static_cast<size_t>(rows_at_once) * row_bytes);

    for (int64_t first = 0; first < rows; first += rows_at_once) {
      const int64_t count = std::min(rows_at_once, rows - first);
      source.fill(first, count, values.data());
      const float limit = source.type == GGML_TYPE_F16 ? largest_half : std::numeric_limits<float>::max();
      std::atomic<bool> in_range{true};
      threads.split(count, 1, [&](int64_t begin, int64_t end, int) {
        const float *from = values.data() + begin * row_length;
        const int64_t length = (end - begin) * row_length;
        // NaN fails every comparison, so it is found too.
        if (!std::all_of(from, from + length, [limit](float value) { return std::fabs(value) <= limit; })) {
          in_range = false;
          return; // the quantisers must not see it
        }
        ggml_quantize_chunk(source.type, from, stored.data() + static_cast<size_t>(begin) * row_bytes, 0, end - begin,
                            row_length, nullptr);
      });
      if (!in_range) {
        throw config_failure("model.not_finite",
                             "The tensor \"" + source.name + "\" holds a value that is not a finite number or too large for " +
                                 type_label(source.type) + "; no file was written.",
                             "Store it in a wider type, or train with a smaller learning rate.");
      }
      file.write(stored.data(), static_cast<size_t>(count) * row_bytes);
    }
  }
};

ModelWriter::ModelWriter() : state_(std::make_unique<State>()) {}
ModelWriter::ModelWriter(const ModelFile &source) : state_(std::make_unique<State>()) {
  gguf_set_kv(state_->metadata, source.context());
  // The new file has ggml's default alignment, whatever the old one had.
  gguf_remove_key(state_->metadata, GGUF_KEY_GENERAL_ALIGNMENT);
}
ModelWriter::~ModelWriter() = default;
ModelWriter::ModelWriter(ModelWriter &&) noexcept = default;
ModelWriter &ModelWriter::operator=(ModelWriter &&) noexcept = default;

void ModelWriter::set_text(const std::string &key, const std::string &value) {
  gguf_set_val_str(state_->metadata, key.c_str(), value.c_str());
}
void ModelWriter::set_u32(const std::string &key, uint32_t value) {
  gguf_set_val_u32(state_->metadata, key.c_str(), value);
}
void ModelWriter::set_f32(const std::string &key, float value) {
  gguf_set_val_f32(state_->metadata, key.c_str(), value);
}
void ModelWriter::set_bool(const std::string &key, bool value) {
  gguf_set_val_bool(state_->metadata, key.c_str(), value);
}

void ModelWriter::set_text_array(const std::string &key, const std::vector<std::string> &values) {
  std::vector<const char *> pointers;
  pointers.reserve(values.size());
  for (const std::string &value : values) pointers.push_back(value.c_str());
  gguf_set_arr_str(state_->metadata, key.c_str(), pointers.data(), pointers.size());
}

void ModelWriter::set_i32_array(const std::string &key, const std::vector<int32_t> &values) {
  gguf_set_arr_data(state_->metadata, key.c_str(), GGUF_TYPE_INT32, values.data(), values.size());
}
void ModelWriter::set_f32_array(const std::string &key, const std::vector<float> &values) {
  gguf_set_arr_data(state_->metadata, key.c_str(), GGUF_TYPE_FLOAT32, values.data(), values.size());
}

void ModelWriter::set_bool_array(const std::string &key, const std::vector<bool> &values) {
  const std::vector<int8_t> bytes(values.begin(), values.end());
  gguf_set_arr_data(state_->metadata, key.c_str(), GGUF_TYPE_BOOL, bytes.data(), bytes.size());
}

void ModelWriter::copy_keys(const ModelFile &source, std::string_view prefix) {
  // ggml copies all or nothing, so the rest is removed from a copy.
  gguf_context *copy = gguf_init_empty();
  gguf_set_kv(copy, source.context());
  for (int64_t id = gguf_get_n_kv(copy) - 1; id >= 0; --id) {
    const std::string key = gguf_get_key(copy, id);
    if (!key.starts_with(prefix)) gguf_remove_key(copy, key.c_str());
  }
  gguf_set_kv(state_->metadata, copy);
  gguf_free(copy);
}

void ModelWriter::set_file_type(std::optional<uint32_t> number) { state_->file_type = number; }

Metadata ModelWriter::metadata() const { return {state_->metadata, "the new model"}; }

void ModelWriter::add(TensorSource tensor) { state_->tensors.push_back(std::move(tensor)); }

WrittenFile ModelWriter::write(const std::string &utf8_path, ThreadPool &threads) {
  AtomicFile file(utf8_path);
  state_->write_metadata(file);
  for (const TensorSource &source : state_->tensors) {
    const ggml_tensor tensor = describe(source);
    const size_t bytes = ggml_nbytes(&tensor);
    if (source.verbatim != nullptr) {
      file.write(source.verbatim->data, bytes);
    } else {
      State::write_values(file, source, threads);
    }
    file.write_zeros(GGML_PAD(bytes, GGUF_DEFAULT_ALIGNMENT) - bytes);
  }
  return file.commit();
}

} // namespace trex

#include "gguf/merge.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

#include "gguf/decode.h"

namespace trex {
namespace {

// out[row, in] += scale * sum over rank of B[row, rank] A[rank, in]. Rows count on through the experts, each with its A.
void add_product(float *out, int64_t first_row, int64_t rows, const AdapterTensor &target, float scale,
                 ThreadPool &threads) {
  threads.split(rows, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      float *to = out + row * target.in;
      const float *b = target.b.data() + (first_row + row) * target.rank;
      for (int64_t rank = 0; rank < target.rank; ++rank) {
        const float factor = scale * b[rank];
        const float *a = target.a.data() + ((first_row + row) / target.out * target.rank + rank) * target.in;
        for (int64_t column = 0; column < target.in; ++column) to[column] += factor * a[column];
      }
    }
  });
}

std::vector<int64_t> shape_of(const TensorView &tensor) {
  return {tensor.ne.begin(), tensor.ne.begin() + tensor.n_dims};
}

std::map<std::string, StorageType> new_types(const ModelFile &model, const Storage &storage) {
  std::vector<TensorSpec> tensors;
  for (const TensorView &tensor : model.tensors()) tensors.push_back({tensor.name, shape_of(tensor)});
  return storage_types(storage, tensors, mix_shape(read_hyper_parameters(model)));
}

} // namespace

WrittenFile merge_model(const ModelFile &model, const Adapter *adapter, double adapter_scale,
                        std::optional<Storage> storage, const std::string &utf8_path, ThreadPool &threads) {
  std::unordered_map<std::string_view, const AdapterTensor *> targets;
  if (adapter != nullptr) {
    for (const AdapterTensor &target : adapter->tensors) targets.emplace(target.base, &target);
  }
  ModelWriter writer(model);
  std::map<std::string, StorageType> types;
  if (storage) {
    types = new_types(model, *storage);
    writer.set_file_type(file_type_of(*storage));
  }
  for (const TensorView &tensor : model.tensors()) {
    const auto found = targets.find(tensor.name);
    const AdapterTensor *target = found == targets.end() ? nullptr : found->second;
    TensorSource source;
    source.name = tensor.name;
    source.shape = shape_of(tensor);
    const auto type = types.find(tensor.name);
    source.type = type == types.end() ? tensor.type : type->second.stored;
    if (target == nullptr && source.type == tensor.type) {
      source.verbatim = &tensor;
    } else {
      const double unit = target == nullptr ? 1.0 : scale_of(*adapter, *target);
      const auto scale = static_cast<float>(adapter_scale * unit);
      source.fill = [&tensor, &threads, target, scale](int64_t first_row, int64_t rows, float *out) {
        threads.split(rows, 1, [&](int64_t begin, int64_t end, int) {
          for (int64_t row = begin; row < end; ++row) {
            decode_row(tensor.type, tensor.row(first_row + row), out + row * tensor.row_length(), tensor.row_length());
          }
        });
        if (target != nullptr) add_product(out, first_row, rows, *target, scale, threads);
      };
    }
    writer.add(std::move(source));
  }
  return writer.write(utf8_path, threads);
}

} // namespace trex

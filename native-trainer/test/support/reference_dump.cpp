#include "support/reference_dump.h"

#include <fstream>
#include <stdexcept>

#include "common/thread_pool.h"
#include "gguf/model_writer.h"
#include "ops/random.h"
#include "support/check.h"

namespace trex::test {
namespace {

using nlohmann::json;

// FNV-1a
uint64_t name_hash(const std::string &name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const unsigned char character : name) hash = (hash ^ character) * 0x100000001b3ULL;
  return hash;
}

void write_metadata(ModelWriter &writer, const json &dump) {
  const std::string architecture = dump.at("architecture");
  writer.set_text("general.architecture", architecture);
  for (const auto &[key, value] : dump.at("metadata").items()) {
    const std::string full = architecture + "." + key;
    if (value.is_string()) {
      writer.set_text(full, value);
    } else if (value.is_number_float()) {
      writer.set_f32(full, value.get<float>());
    } else {
      writer.set_u32(full, value.get<uint32_t>());
    }
  }
  std::vector<std::string> tokens;
  for (int64_t i = 0; i < dump.at("vocabulary"); ++i) tokens.push_back("t" + std::to_string(i));
  writer.set_text("tokenizer.ggml.model", "gpt2");
  writer.set_text_array("tokenizer.ggml.tokens", tokens);
}

std::vector<float> rule_values(uint64_t seed, const std::string &name, int64_t count, double spread) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(rule_value(seed, name, static_cast<uint64_t>(i), 0.0, spread));
  return values;
}

} // namespace

json read_reference_dump(const std::string &name) {
  const std::string path = std::string(TREX_REFERENCE_DUMPS) + "/" + name + ".json";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return json::parse(file);
}

float rule_value(uint64_t seed, const std::string &name, uint64_t index, double centre, double spread) {
  return static_cast<float>(centre + spread * (2.0 * random_unit(seed, name_hash(name), index) - 1.0));
}

double rule_sign(uint64_t seed, const std::string &name, uint64_t index) {
  return random_bits(seed, name_hash(name), index) >> 63 != 0 ? -1.0 : 1.0;
}

std::string write_reference_model(const json &dump, const std::string &name) {
  ModelWriter writer;
  write_metadata(writer, dump);
  const uint64_t seed = dump.at("seed");
  for (const json &tensor : dump.at("tensors")) {
    TensorSource source;
    source.name = tensor.at("name");
    source.shape.assign(tensor.at("shape").rbegin(), tensor.at("shape").rend()); // the file's order is innermost first
    source.type = GGML_TYPE_F32;
    source.fill = [name = source.name, columns = source.shape[0], centre = tensor.at("centre").get<double>(),
                   spread = tensor.at("spread").get<double>(), seed](int64_t first_row, int64_t rows, float *out) {
      for (int64_t i = 0; i < rows * columns; ++i) {
        out[i] = rule_value(seed, name, static_cast<uint64_t>(first_row * columns + i), centre, spread);
      }
    };
    writer.add(std::move(source));
  }
  const std::string path = scratch_folder() + "/" + name + ".gguf";
  ThreadPool threads(1);
  writer.write(path, threads);
  return path;
}

Adapter reference_adapter(const json &dump) {
  constexpr double spread = 0.25; // start_adapter of make_dumps.py
  const uint64_t seed = dump.at("seed");
  Adapter adapter;
  adapter.alpha = dump.at("lora").at("alpha");
  for (const json &pair : dump.at("adapter").at("gradients")) {
    AdapterTensor tensor;
    tensor.base = pair.at("base");
    tensor.rank = dump.at("lora").at("rank");
    if (tensor.base.find("_exps.") != std::string::npos) tensor.experts = dump.at("metadata").at("expert_count");
    const auto a_values = static_cast<int64_t>(pair.at("a").size()), b_values = static_cast<int64_t>(pair.at("b").size());
    tensor.in = a_values / (tensor.experts * tensor.rank);
    tensor.out = b_values / (tensor.experts * tensor.rank);
    tensor.a = rule_values(seed, tensor.base + ".lora_a", a_values, spread);
    tensor.b = rule_values(seed, tensor.base + ".lora_b", b_values, spread);
    adapter.tensors.push_back(std::move(tensor));
  }
  return adapter;
}

} // namespace trex::test

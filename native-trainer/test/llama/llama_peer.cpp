// What llama.cpp itself says, for the tests that hold trex-train against it. Reads one JSON request a line from standard
// input and answers each with one line: {"ok": true, ...} or {"ok": false, "message": "..."}.
//
//   {"command": "logits", "model", "adapter": null, "adapterScale": 1, "tokens": [...], "out", "threads": 1}
//       evaluates all tokens in one batch and writes every logit, [T, V] little-endian fp32, to the file `out`;
//       answers {tokens, vocabulary}
//   {"command": "greedy", "model", "adapter": null, "adapterScale": 1, "tokens": [...], "count", "threads": 1}
//       answers {tokens: [...]}: the `count` ids that follow when the most likely one is always taken, none of them
//       treated as an end
//   {"command": "quantize", "model", "out", "fileType"}
//       llama_model_quantize with the number of enum llama_ftype
//   {"command": "tensors", "model"}
//       answers {tensors: [{name, type, bytes, hash}], fileType}; hash is FNV-1a of the stored bytes
//
// Contexts have a key-value cache in F32 and no flash attention, so nothing is rounded that llama.cpp need not round.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ggml-backend.h"
#include "gguf.h"
#include "llama.h"

namespace {

using nlohmann::json;

struct Free {
  void operator()(llama_model *model) const { llama_model_free(model); }
  void operator()(llama_context *context) const { llama_free(context); }
  void operator()(gguf_context *file) const { gguf_free(file); }
};

// A model with its adapter in a context that takes all tokens at once.
class Session {
public:
  Session(const json &request, uint32_t length) {
    llama_model_params model_parameters = llama_model_default_params();
    model_parameters.n_gpu_layers = 0;
    model_.reset(llama_model_load_from_file(request.at("model").get<std::string>().c_str(), model_parameters));
    if (!model_) throw std::runtime_error("llama.cpp does not load the model");

    llama_context_params parameters = llama_context_default_params();
    parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = length;
    parameters.n_threads = parameters.n_threads_batch = request.value("threads", 1);
    parameters.type_k = parameters.type_v = GGML_TYPE_F32;
    parameters.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    context_.reset(llama_init_from_model(model_.get(), parameters));
    if (!context_) throw std::runtime_error("llama.cpp makes no context");

    const json adapter = request.value("adapter", json());
    if (adapter.is_null()) return;
    // Freed with the model.
    llama_adapter_lora *lora = llama_adapter_lora_init(model_.get(), adapter.get<std::string>().c_str());
    float scale = request.value("adapterScale", 1.0f);
    if (lora == nullptr || llama_set_adapters_lora(context_.get(), &lora, 1, &scale) != 0) {
      throw std::runtime_error("llama.cpp does not take the adapter");
    }
  }

  int32_t vocabulary() const { return llama_vocab_n_tokens(llama_model_get_vocab(model_.get())); }

  // Logits [T, V] of the tokens that follow those already evaluated; of the last one only unless `all`.
  const float *evaluate(const std::vector<llama_token> &tokens, bool all) {
    const auto count = static_cast<int32_t>(tokens.size());
    llama_batch batch = llama_batch_init(count, 0, 1);
    for (int32_t i = 0; i < count; ++i) {
      batch.token[i] = tokens[static_cast<size_t>(i)];
      batch.pos[i] = evaluated_ + i;
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = 0;
      batch.logits[i] = all || i + 1 == count ? 1 : 0;
    }
    batch.n_tokens = count;
    const int32_t code = llama_decode(context_.get(), batch);
    llama_batch_free(batch);
    if (code != 0) throw std::runtime_error("llama_decode answers " + std::to_string(code));
    evaluated_ += count;
    return all ? llama_get_logits(context_.get()) : llama_get_logits_ith(context_.get(), -1);
  }

private:
  std::unique_ptr<llama_model, Free> model_;
  std::unique_ptr<llama_context, Free> context_;
  int32_t evaluated_ = 0;
};

json write_logits(const json &request) {
  const auto tokens = request.at("tokens").get<std::vector<llama_token>>();
  Session session(request, static_cast<uint32_t>(tokens.size()));
  const float *logits = session.evaluate(tokens, true);
  const int32_t vocabulary = session.vocabulary();
  std::ofstream file(request.at("out").get<std::string>(), std::ios::binary);
  file.write(reinterpret_cast<const char *>(logits),
             static_cast<std::streamsize>(tokens.size() * static_cast<size_t>(vocabulary) * sizeof(float)));
  file.close();
  if (!file) throw std::runtime_error("the logits cannot be written");
  return {{"tokens", tokens.size()}, {"vocabulary", vocabulary}};
}

json continue_greedily(const json &request) {
  auto tokens = request.at("tokens").get<std::vector<llama_token>>();
  const auto count = request.at("count").get<size_t>();
  Session session(request, static_cast<uint32_t>(tokens.size() + count));
  const int32_t vocabulary = session.vocabulary();
  std::vector<llama_token> chosen;
  while (chosen.size() < count) {
    const float *logits = session.evaluate(tokens, false);
    llama_token best = 0;
    for (llama_token id = 1; id < vocabulary; ++id) {
      if (logits[id] > logits[best]) best = id;
    }
    chosen.push_back(best);
    tokens = {best};
  }
  return {{"tokens", chosen}};
}

json quantize(const json &request) {
  llama_model_quantize_params parameters = llama_model_quantize_default_params();
  parameters.nthread = 1;
  parameters.ftype = static_cast<llama_ftype>(request.at("fileType").get<int>());
  const auto model = request.at("model").get<std::string>(), out = request.at("out").get<std::string>();
  if (llama_model_quantize(model.c_str(), out.c_str(), &parameters) != 0) {
    throw std::runtime_error("llama.cpp does not quantise the model");
  }
  return json::object();
}

std::string hash_of(const std::vector<char> &bytes) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

json list_tensors(const json &request) {
  const auto path = request.at("model").get<std::string>();
  const std::unique_ptr<gguf_context, Free> file(gguf_init_from_file(path.c_str(), {true, nullptr}));
  if (!file) throw std::runtime_error("ggml does not read the file");
  std::ifstream stream(path, std::ios::binary);
  json tensors = json::array();
  for (int64_t index = 0; index < gguf_get_n_tensors(file.get()); ++index) {
    std::vector<char> bytes(gguf_get_tensor_size(file.get(), index));
    stream.seekg(static_cast<std::streamoff>(gguf_get_data_offset(file.get()) + gguf_get_tensor_offset(file.get(), index)));
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream) throw std::runtime_error("the file ends early");
    tensors.push_back({{"name", gguf_get_tensor_name(file.get(), index)},
                       {"type", ggml_type_name(gguf_get_tensor_type(file.get(), index))},
                       {"bytes", bytes.size()},
                       {"hash", hash_of(bytes)}});
  }
  const int64_t key = gguf_find_key(file.get(), "general.file_type");
  return {{"tensors", tensors}, {"fileType", key < 0 ? json() : json(gguf_get_val_u32(file.get(), key))}};
}

json answer(const json &request) {
  const auto command = request.at("command").get<std::string>();
  if (command == "logits") return write_logits(request);
  if (command == "greedy") return continue_greedily(request);
  if (command == "quantize") return quantize(request);
  if (command == "tensors") return list_tensors(request);
  throw std::runtime_error("unknown command " + command);
}

// llama.cpp's warnings and errors, for the person who reads a failed test.
void log_problem(ggml_log_level level, const char *text, void *) {
  if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
}

} // namespace

int main() {
  llama_log_set(log_problem, nullptr);
  ggml_backend_load_all_from_path(TREX_LLAMA_FOLDER);
  llama_backend_init();
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) continue;
    json reply;
    try {
      reply = answer(json::parse(line));
      reply["ok"] = true;
    } catch (const std::exception &error) {
      reply = {{"ok", false}, {"message", error.what()}};
    }
    std::cout << reply.dump() << std::endl;
  }
  llama_backend_free();
  return 0;
}

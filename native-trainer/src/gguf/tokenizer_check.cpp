// The rules are those of llama_vocab::impl::load (llama.cpp src/llama-vocab.cpp at the pinned tag), made strict.
#include "gguf/tokenizer_check.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "common/failure.h"

namespace trex {
namespace {

constexpr int32_t byte_token = 6, last_token_type = 6; // enum llama_token_type in llama.h

bool is_hexadecimal(char digit) {
  return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') || (digit >= 'A' && digit <= 'F');
}

bool looks_like_byte(std::string_view token) {
  return token.size() == 6 && token.starts_with("<0x") && token.back() == '>';
}

bool names_a_byte(std::string_view token) {
  return looks_like_byte(token) && is_hexadecimal(token[3]) && is_hexadecimal(token[4]);
}

class TokenizerCheck {
public:
  explicit TokenizerCheck(const ModelFile &file) : file_(file), context_(file.context()) {}

  void run() const {
    const int64_t tokens = array("tokenizer.ggml.tokens", {GGUF_TYPE_STRING});
    if (tokens < 0) return;
    const size_t count = gguf_get_arr_n(context_, tokens);
    const int32_t *types = per_token<int32_t>("tokenizer.ggml.token_type", {GGUF_TYPE_INT32}, count);
    per_token<float>("tokenizer.ggml.scores", {GGUF_TYPE_FLOAT32, GGUF_TYPE_INT32}, count);
    check_tokens(tokens, count, types);
    check_merges();
    check_special_tokens(count);
  }

private:
  [[noreturn]] void fail(const char *code, const std::string &what) const {
    throw config_failure(code, file_.path() + " has a broken tokenizer: " + what + ".",
                         "Download the file again, or convert the model again with a current llama.cpp.");
  }

  // Its key's index, or -1 when absent.
  int64_t array(const char *key, std::initializer_list<gguf_type> allowed) const {
    const int64_t id = gguf_find_key(context_, key);
    if (id < 0) return id;
    const bool is_array = gguf_get_kv_type(context_, id) == GGUF_TYPE_ARRAY;
    if (!is_array || std::find(allowed.begin(), allowed.end(), gguf_get_arr_type(context_, id)) == allowed.end()) {
      fail("tokenizer.array_type", std::string("\"") + key + "\" is not a list of the right type");
    }
    return id;
  }

  template <class Value>
  const Value *per_token(const char *key, std::initializer_list<gguf_type> allowed, size_t tokens) const {
    const int64_t id = array(key, allowed);
    if (id < 0) return nullptr;
    const size_t count = gguf_get_arr_n(context_, id);
    if (count != tokens) {
      fail("tokenizer.length", std::string("\"") + key + "\" has " + std::to_string(count) + " entries for " +
                                   std::to_string(tokens) + " tokens");
    }
    return static_cast<const Value *>(gguf_get_arr_data(context_, id));
  }

  // Texts end at the first zero byte, as llama.cpp reads them.
  void check_tokens(int64_t tokens, size_t count, const int32_t *types) const {
    std::unordered_set<std::string_view> seen;
    seen.reserve(count);
    for (size_t index = 0; index < count; ++index) {
      const std::string_view token = gguf_get_arr_str(context_, tokens, index);
      const std::string shown = "token " + std::to_string(index) + " (\"" + std::string(token.substr(0, 40)) + "\")";
      if (types != nullptr && (types[index] < 0 || types[index] > last_token_type)) {
        fail("tokenizer.token_type", shown + " has the unknown type " + std::to_string(types[index]));
      }
      const bool is_byte = types != nullptr && types[index] == byte_token;
      if ((is_byte || looks_like_byte(token)) && !names_a_byte(token)) {
        fail("tokenizer.byte_token", shown + " does not name a byte");
      }
      // llama.cpp gives empty tokens a name of their own from their index.
      if (!token.empty() && !seen.insert(token).second) fail("tokenizer.duplicate_token", shown + " is listed twice");
    }
  }

  void check_merges() const {
    const int64_t merges = array("tokenizer.ggml.merges", {GGUF_TYPE_STRING});
    const size_t count = merges < 0 ? 0 : gguf_get_arr_n(context_, merges);
    for (size_t index = 0; index < count; ++index) {
      const std::string_view merge = gguf_get_arr_str(context_, merges, index);
      const size_t space = merge.find(' ', 1);
      if (space == std::string_view::npos || space + 1 == merge.size()) {
        fail("tokenizer.merge", "merge " + std::to_string(index) + " is not two tokens with a space between them");
      }
    }
  }

  void check_special_tokens(size_t tokens) const {
    for (int64_t id = 0; id < gguf_get_n_kv(context_); ++id) {
      const std::string key = gguf_get_key(context_, id);
      if (!key.starts_with("tokenizer.ggml.") || !key.ends_with("_token_id")) continue;
      const uint64_t token = *file_.unsigned_value(key);
      // Old fine-tunes name a padding token just past the end; llama.cpp warns and goes on without one.
      if (key == "tokenizer.ggml.padding_token_id") continue;
      if (token >= tokens) {
        fail("tokenizer.special_token",
             "\"" + key + "\" is " + std::to_string(token) + ", but there are only " + std::to_string(tokens) + " tokens");
      }
    }
  }

  const ModelFile &file_;
  const gguf_context *context_;
};

} // namespace

void check_stored_tokenizer(const ModelFile &file) { TokenizerCheck(file).run(); }

} // namespace trex

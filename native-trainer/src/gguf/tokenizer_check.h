// Proves that a file's tokenizer is one llama.cpp can load and serve: it asserts on two equal tokens, reads past the end
// of a short "<0x..>" and is silent about ids that name no token.
#pragma once

#include "gguf/model_file.h"

namespace trex {

// Does nothing when the file lists no tokens. Throws Failure CONFIG with one of these codes:
//   tokenizer.array_type       tokens or merges are no texts, token types no int32, scores neither float32 nor int32
//   tokenizer.length           another number of token types or scores than of tokens
//   tokenizer.duplicate_token  the same token twice
//   tokenizer.token_type       a token type other than llama.cpp's 0 to 6
//   tokenizer.byte_token       a byte token that is not "<0x", two hexadecimal digits and ">"
//   tokenizer.merge            a merge that is not two texts with a space between them
//   tokenizer.special_token    a "tokenizer.ggml.*_token_id" that is no id of a listed token
void check_stored_tokenizer(const ModelFile &file);

} // namespace trex

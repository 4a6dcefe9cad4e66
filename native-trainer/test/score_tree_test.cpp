// A pair's score is the same, bit for bit, alone, with others, with a shared prefix, in batches of any size.
#include <algorithm>
#include <map>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "common/failure.h"
#include "gguf/model_file.h"
#include "model/frozen_model.h"
#include "ops/cpu/cpu_device.h"
#include "ops/random.h"
#include "support/check.h"
#include "support/training_jobs.h"
#include "train/prefix_tree.h"
#include "train/score_command.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

using Tokens = std::vector<int32_t>;

Tokens some_tokens(int64_t count, uint64_t stream) {
  Tokens tokens;
  for (int64_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<int32_t>(random_bits(4, stream, static_cast<uint64_t>(i)) % vocab));
  }
  return tokens;
}

ScorePair pair_of(const Tokens &context, const Tokens &continuation) {
  ScorePair pair;
  pair.tokens = context;
  pair.tokens.insert(pair.tokens.end(), continuation.begin(), continuation.end());
  pair.context = static_cast<int32_t>(context.size());
  return pair;
}

Tokens join(Tokens x, const Tokens &y) {
  x.insert(x.end(), y.begin(), y.end());
  return x;
}

// Pairs that grow out of each other: some go on where another ends or within it, some are equal, some share nothing.
std::vector<ScorePair> random_pairs(uint64_t seed, size_t count) {
  std::vector<ScorePair> pairs;
  uint64_t drawn = 0;
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>(random_bits(seed, 8, drawn++) % bound); };
  while (pairs.size() < count) {
    Tokens context;
    if (!pairs.empty() && below(8) != 0) {
      const Tokens &from = pairs[static_cast<size_t>(below(pairs.size()))].tokens;
      context.assign(from.begin(), from.begin() + 1 + below(from.size()));
    }
    context = join(context, some_tokens(below(4) == 0 ? below(320) : below(12), seed * 1000 + drawn));
    if (context.empty()) context.push_back(1);
    if (context.size() > 700) context.resize(700);
    pairs.push_back(pair_of(context, some_tokens(1 + below(7), seed * 1000 + 500 + drawn)));
    if (below(6) == 0) pairs.push_back(pairs[static_cast<size_t>(below(pairs.size()))]);
  }
  return pairs;
}

struct Scores {
  std::vector<double> log_probabilities;
  std::vector<uint8_t> is_argmax;
  bool operator==(const Scores &) const = default;
};

class Bench {
public:
  Bench(Isa isa, int threads, const std::string &model = tiny_model())
      : file_(ModelFile::open(model)), device_(threads, 720, isa) {}

  // As one whole document.
  Scores alone(const ScorePair &pair) {
    TokenBatch batch;
    batch.append(pair.tokens, [&](int32_t position) { return position >= pair.context; });
    Scores scores;
    transformer(batch.token_count(), 0).score(batch, scores.log_probabilities, scores.is_argmax);
    return scores;
  }

  std::vector<Scores> together(const std::vector<ScorePair> &pairs, Sharing sharing, int64_t capacity) {
    const PrefixTree tree(pairs, sharing);
    Transformer model = transformer(std::min(capacity, tree.rows()), tree.most_carried(capacity));
    Scores all, some;
    TokenBatch batch;
    for (int64_t begin = 0, end; begin < tree.rows(); begin = end) {
      end = tree.batch_end(begin, capacity);
      CHECK(end > begin && end - begin <= capacity);
      tree.fill_batch(begin, end, batch);
      model.score(batch, some.log_probabilities, some.is_argmax);
      all.log_probabilities.insert(all.log_probabilities.end(), some.log_probabilities.begin(),
                                   some.log_probabilities.end());
      all.is_argmax.insert(all.is_argmax.end(), some.is_argmax.begin(), some.is_argmax.end());
    }
    std::vector<Scores> scores(pairs.size());
    for (size_t i = 0; i < pairs.size(); ++i) {
      for (const int32_t target : tree.targets_of(i)) {
        scores[i].log_probabilities.push_back(all.log_probabilities[static_cast<size_t>(target)]);
        scores[i].is_argmax.push_back(all.is_argmax[static_cast<size_t>(target)]);
      }
    }
    return scores;
  }

private:
  Transformer transformer(int64_t tokens, int64_t carried) {
    PassLimits limits;
    limits.tokens = tokens;
    limits.carried = carried;
    limits.ranks.resize(frozen_.model.layers.size());
    return Transformer(cpu_ops(), device_, frozen_.model, limits, 720);
  }

  ModelFile file_;
  FrozenModel frozen_ = load_frozen_model(file_);
  CpuDevice device_;
};

std::string write_pairs(const std::string &name, const std::vector<ScorePair> &pairs) {
  std::string text;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto middle = pairs[i].tokens.begin() + pairs[i].context;
    text += json{{"id", std::to_string(i)},
                 {"context", Tokens(pairs[i].tokens.begin(), middle)},
                 {"continuation", Tokens(middle, pairs[i].tokens.end())}}
                .dump() +
            "\n";
  }
  write_text(name, text);
  return in_scratch(name);
}

} // namespace

TEST(a_pair_scores_the_same_alone_and_in_any_tree_and_batch) {
  for (const Isa isa : available_isas()) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      Bench one(isa, 1), two(isa, 2);
      const std::vector<ScorePair> pairs = random_pairs(seed, 30);
      std::vector<Scores> expected;
      for (const ScorePair &pair : pairs) expected.push_back(one.alone(pair));
      for (const int64_t capacity : {3, 50, 333, 100000}) {
        const std::string name = std::string(isa_name(isa)) + " " + std::to_string(seed) + " " + std::to_string(capacity);
        CHECK_CASE(two.together(pairs, Sharing::prefixes, capacity) == expected, name);
        CHECK_CASE(one.together(pairs, Sharing::nothing, capacity) == expected, name + " nothing shared");
      }
      // In another order, and only half of them.
      std::vector<ScorePair> other;
      std::vector<Scores> other_expected;
      for (size_t i = pairs.size(); i-- > 0;) {
        if (random_bits(seed, 3, i) % 2 == 0) continue;
        other.push_back(pairs[i]);
        other_expected.push_back(expected[i]);
      }
      CHECK_CASE(two.together(other, Sharing::prefixes, 200) == other_expected, std::string(isa_name(isa)) + " half");
    }
  }
}

// Fused matrices, windows, caps, head norms, post-norms and experts on the way of the carried keys.
TEST(every_family_scores_the_same_in_a_tree) {
  for (const char *family :
       {"llama", "mistral3", "smollm3", "qwen3", "gemma2", "gemma3", "gemma4", "phi3", "qwen3moe"}) {
    Bench bench(best_isa(), 2, tiny_model_of(family));
    const std::vector<ScorePair> pairs = random_pairs(21, 20);
    std::vector<Scores> expected;
    for (const ScorePair &pair : pairs) expected.push_back(bench.alone(pair));
    CHECK_CASE(bench.together(pairs, Sharing::prefixes, 70) == expected, family);
    CHECK_CASE(bench.together(pairs, Sharing::prefixes, 100000) == expected, family);
  }
}

TEST(every_prefix_is_computed_once) {
  const Tokens prompt = some_tokens(60, 1), a = {3}, b = {4, 5}, c = {4, 6, 7};
  const auto rows = [](const std::vector<ScorePair> &pairs) { return PrefixTree(pairs, Sharing::prefixes).rows(); };
  CHECK(rows({pair_of(prompt, a)}) == 60);                                         // the last token is only a target
  CHECK(rows({pair_of(prompt, c), pair_of(prompt, c)}) == 62);                     // the same twice
  CHECK(rows({pair_of(join(prompt, c), a), pair_of(prompt, c)}) == 63);            // one a prefix of the other
  CHECK(rows({pair_of(prompt, a), pair_of(prompt, b), pair_of(prompt, c)}) == 62); // b and c share a token
  const PrefixTree tree({pair_of(prompt, a), pair_of(prompt, b), pair_of(prompt, c)}, Sharing::prefixes);
  CHECK(tree.target_count() == 5); // 3; 4, which b and c share; 5; 6; 7
  CHECK(tree.targets_of(1)[0] == tree.targets_of(2)[0]);

  // Brute force: the distinct prefixes of what goes in.
  const std::vector<ScorePair> pairs = random_pairs(9, 60);
  std::map<Tokens, int> prefixes;
  for (const ScorePair &pair : pairs) {
    for (size_t length = 1; length < pair.tokens.size(); ++length) {
      prefixes[Tokens(pair.tokens.begin(), pair.tokens.begin() + static_cast<int64_t>(length))] = 1;
    }
  }
  CHECK(rows(pairs) == static_cast<int64_t>(prefixes.size()));
}

TEST(the_command_answers_in_order_whatever_the_batch_and_adapter) {
  json training = request_into("tree-adapter");
  training["steps"] = 3;
  train(training);
  const std::vector<ScorePair> pairs = random_pairs(11, 25);
  const std::string path = write_pairs("tree-pairs.jsonl", pairs);
  for (const double scale : {0.0, 0.5, 1.0}) {
    json request = {{"model", tiny_model()}, {"adapter", in_scratch("tree-adapter/adapter.gguf")},
                    {"adapterScale", scale}, {"pairs", path}, {"perToken", true}};
    const std::vector<json> usual = scored_lines(request);
    CHECK(usual.size() == pairs.size() + 1);
    for (size_t i = 0; i < pairs.size(); ++i) CHECK(usual[i].at("id") == std::to_string(i));
    const json &done = usual.back();
    CHECK(done.at("computedTokens").get<int64_t>() + done.at("sharedTokens").get<int64_t>() == done.at("tokens"));
    CHECK(done.at("sharedTokens").get<int64_t>() > 0);
    request["batchTokens"] = 40;
    request["threads"] = 1;
    const std::vector<json> small = scored_lines(request);
    request["logits"] = in_scratch("tree-logits.f32");
    const std::vector<json> whole = scored_lines(request);
    CHECK(whole.back().at("sharedTokens") == 0);
    request.erase("logits");
    for (const size_t i : {size_t{0}, pairs.size() / 2, pairs.size() - 1}) {
      request["pairs"] = write_pairs("one-of-tree.jsonl", {pairs[i]});
      const std::vector<json> alone = scored_lines(request);
      CHECK_CASE(alone[0].at("perToken") == usual[i].at("perToken"), std::to_string(scale));
    }
    for (size_t i = 0; i < pairs.size(); ++i) {
      CHECK_CASE(usual[i] == small[i] && usual[i] == whole[i], std::to_string(scale) + " " + std::to_string(i));
    }
  }
}

TEST(pairs_that_cannot_be_scored_are_named_and_limits_are_kept) {
  const auto failure_of = [](const json &request) {
    std::ostringstream out;
    try {
      run_score(request, out);
    } catch (const Failure &failure) {
      return failure.code + ": " + failure.message;
    }
    return std::string();
  };
  write_text("bad-pairs.jsonl", "{\"id\":1,\"context\":[1],\"continuation\":[2]}\n{\"id\":2,\"context\":[1],\"continuation\":[]}\n");
  const std::string refused = failure_of({{"model", tiny_model()}, {"pairs", in_scratch("bad-pairs.jsonl")}});
  CHECK_CASE(refused.starts_with("pairs.row") && refused.find("Row 2") != std::string::npos, refused);

  const std::string path = write_pairs("limited.jsonl", random_pairs(12, 25));
  json request = {{"model", tiny_model()}, {"pairs", path}, {"limits", {{"memoryBytes", 1000}}}};
  CHECK(failure_of(request).starts_with("memory.plan"));
  // Enough for small batches only: the same answers.
  const std::vector<json> usual = scored_lines({{"model", tiny_model()}, {"pairs", path}});
  uint64_t low = 1000, high = uint64_t{1} << 30;
  while (low + 1000 < high) {
    request["limits"]["memoryBytes"] = (low + high) / 2;
    (failure_of(request).empty() ? high : low) = (low + high) / 2;
  }
  request["limits"]["memoryBytes"] = high;
  const std::vector<json> limited = scored_lines(request);
  for (size_t i = 0; i + 1 < usual.size(); ++i) CHECK(usual[i] == limited[i]);
}

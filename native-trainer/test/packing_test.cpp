// How rows become documents, documents steps, and steps micro-batches: nothing lost, nothing counted twice, nothing
// that leaks from one document or masked token into another's loss.
#include <algorithm>
#include <set>
#include <string>

#include "common/failure.h"
#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/rows.h"
#include "support/tiny_model.h"
#include "train/objective_pass.h"

using namespace trex;
using namespace trex::test;

namespace {

constexpr int64_t tiny_vocab = 31;

Documents many_pairs() {
  std::string text;
  for (uint64_t i = 0; i < 40; ++i) {
    const auto length = [&](uint64_t which) { return 1 + static_cast<int64_t>(random_bits(3, i, which) % 20); };
    text += pair_line(random_tokens(length(0), i, tiny_vocab), random_tokens(length(1), 100 + i, tiny_vocab),
                      random_tokens(length(2), 200 + i, tiny_vocab));
  }
  return documents_of("many-pairs.jsonl", text, {RowKind::pair, tiny_vocab, 64});
}

Documents many_rows() {
  std::string text;
  for (uint64_t i = 0; i < 80; ++i) {
    text += row_line(random_tokens(2 + static_cast<int64_t>(random_bits(4, i, 0) % 60), i, tiny_vocab));
  }
  return documents_of("many-rows.jsonl", text, {RowKind::masked, tiny_vocab, 64});
}

int64_t inputs(const Documents &documents, const std::vector<int64_t> &group) {
  int64_t tokens = 0;
  for (const int64_t document : group) tokens += documents.length(document) - 1;
  return tokens;
}

// Sum of -ln p of the targets of what the rows hold.
double loss_of(const std::string &text, const DocumentRules &rules) {
  static CpuDevice device(2, 64, best_isa());
  static TinyModel tiny(Architecture::llama);
  PassLimits limits;
  limits.tokens = 300;
  limits.backward = true;
  limits.ranks.resize(2);
  Transformer transformer(cpu_ops(), device, tiny.model, limits, 64);
  const Documents documents = documents_of("leaks.jsonl", text, rules);
  TokenBatch batch;
  for (int64_t i = 0; i < documents.count(); ++i) documents.append_to(batch, i);
  return transformer.loss(batch);
}

} // namespace

TEST(steps_hold_every_unit_once_an_epoch_and_count_exactly) {
  for (const Documents &documents : {many_rows(), many_pairs()}) {
    for (const int64_t tokens_per_step : {1, 50, 300}) {
      StepStream stream(documents, tokens_per_step, 7);
      const int64_t units = units_of_epochs(documents, 1.0);
      CHECK(units == documents.units());
      std::multiset<int64_t> seen;
      int64_t tokens = 0, targets = 0;
      while (const auto step = stream.next(units)) {
        seen.insert(step->documents.begin(), step->documents.end());
        CHECK(step->tokens == inputs(documents, step->documents));
        const bool single = static_cast<int64_t>(step->documents.size()) == documents.together;
        CHECK(step->tokens <= tokens_per_step || single);
        tokens += step->tokens;
        targets += step->targets;
      }
      CHECK(static_cast<int64_t>(seen.size()) == documents.count());
      for (int64_t i = 0; i < documents.count(); ++i) CHECK(seen.count(i) == 1);
      CHECK(tokens == static_cast<int64_t>(documents.tokens.size()) - documents.count());
      CHECK(targets == documents.target_tokens);
    }
  }
}

TEST(micro_batches_fit_and_keep_pairs_whole) {
  for (const Documents &documents : {many_rows(), many_pairs()}) {
    for (const int64_t capacity : {80, 128, 1000}) {
      for (const UnitOrder order : {UnitOrder::kept, UnitOrder::free}) {
        const StepDocuments step = every_document(documents);
        std::vector<int64_t> all;
        for (const std::vector<int64_t> &group : micro_batches(documents, step, capacity, order)) {
          CHECK(inputs(documents, group) <= capacity);
          for (size_t i = 0; i < group.size(); i += static_cast<size_t>(documents.together)) {
            CHECK(group[i] % documents.together == 0);
            if (documents.together == 2) CHECK(group[i + 1] == group[i] + 1);
          }
          all.insert(all.end(), group.begin(), group.end());
        }
        if (order == UnitOrder::kept) CHECK(all == step.documents);
        std::sort(all.begin(), all.end());
        CHECK(all == step.documents);
      }
    }
  }
}

TEST(free_order_needs_fewer_micro_batches) {
  const Documents documents = many_rows();
  const StepDocuments step = every_document(documents);
  for (const int64_t capacity : {64, 100, 200}) {
    const auto kept = static_cast<int64_t>(micro_batches(documents, step, capacity, UnitOrder::kept).size());
    const auto free = static_cast<int64_t>(micro_batches(documents, step, capacity, UnitOrder::free).size());
    const int64_t least = (step.tokens + capacity - 1) / capacity;
    CHECK(free >= least && 9 * free <= 11 * least + 9); // the bound of first-fit decreasing
    CHECK_CASE(free < kept, std::to_string(free) + " against " + std::to_string(kept));
    CHECK(micro_batches(documents, step, capacity, UnitOrder::free) ==
          micro_batches(documents, step, capacity, UnitOrder::free));
  }
  // The large ones first: three of 3 fill a batch of 10 that each of 7 would have left room in.
  std::string text;
  for (const int64_t size : {3, 3, 3, 7, 7, 7}) text += row_line(random_tokens(size + 1, 1, tiny_vocab));
  const Documents fitting = documents_of("fitting.jsonl", text, {RowKind::masked, tiny_vocab, 64});
  CHECK(micro_batches(fitting, every_document(fitting), 10, UnitOrder::free) ==
        (std::vector<std::vector<int64_t>>{{0, 3}, {1, 4}, {2, 5}}));
  // What fits at once is not reordered.
  CHECK(micro_batches(documents, step, step.tokens, UnitOrder::free) ==
        std::vector<std::vector<int64_t>>{step.documents});
}

TEST(the_documents_of_some_steps_are_those_that_the_stream_gives) {
  const Documents documents = many_pairs();
  for (const int64_t steps : {1, 3, 8, 1000}) {
    StepStream stream(documents, 100, 5);
    std::set<int64_t> seen;
    for (int64_t step = 0; step < steps; ++step) {
      const StepDocuments next = *stream.next(INT64_MAX);
      seen.insert(next.documents.begin(), next.documents.end());
    }
    const StepDocuments all = documents_of_steps(documents, 100, 5, steps);
    CHECK(all.documents == std::vector<int64_t>(seen.begin(), seen.end()));
    CHECK(all.tokens == inputs(documents, all.documents));
    CHECK((steps == 1000) == (all.documents == every_document(documents).documents));
  }
}

TEST(two_seeds_differ_and_one_repeats) {
  const Documents documents = many_pairs();
  const auto order_of = [&](uint64_t seed) {
    StepStream stream(documents, 100, seed);
    std::vector<int64_t> order;
    while (const auto step = stream.next(2 * documents.units())) {
      order.insert(order.end(), step->documents.begin(), step->documents.end());
    }
    return order;
  };
  CHECK(order_of(1) == order_of(1));
  CHECK(order_of(1) != order_of(2));
  const std::vector<int64_t> order = order_of(1);
  const auto half = static_cast<int64_t>(order.size() / 2);
  CHECK(!std::equal(order.begin(), order.begin() + half, order.begin() + half)); // each epoch has its own
}

TEST(text_is_cut_so_that_every_token_is_predicted_once) {
  const Tokens row = random_tokens(23, 5, tiny_vocab);
  for (const int64_t longest : {2, 3, 7, 22, 23, 64}) {
    const Documents documents =
        documents_of("text.jsonl", row_line(row) + row_line({1, 2}), {RowKind::text, tiny_vocab, longest, true});
    CHECK(documents.rows == 2 && documents.split_rows == (longest < 23 ? 1 : 0) && documents.dropped_rows == 0);
    CHECK(documents.target_tokens == 22 + 1);
    TokenBatch batch;
    for (int64_t i = 0; i < documents.count(); ++i) {
      CHECK(documents.length(i) >= 2 && documents.length(i) <= longest);
      documents.append_to(batch, i);
    }
    CHECK(Tokens(batch.tokens.begin(), batch.tokens.end() - 1) == Tokens(row.begin(), row.end() - 1));
    CHECK(Tokens(batch.targets.begin(), batch.targets.end() - 1) == Tokens(row.begin() + 1, row.end()));
  }
  const Documents whole = documents_of("text.jsonl", row_line(row) + row_line({1, 2}), {RowKind::text, tiny_vocab, 7});
  CHECK(whole.rows == 1 && whole.dropped_rows == 1 && whole.split_rows == 0);
}

TEST(nothing_leaks_between_documents_or_from_masked_tokens) {
  const DocumentRules masked{RowKind::masked, tiny_vocab, 64};
  const auto row = [](const Tokens &tokens, size_t from, size_t to) {
    return nlohmann::json{{"tokens", tokens}, {"train", {{from, to}}}}.dump() + "\n";
  };
  const Tokens first = random_tokens(12, 1, tiny_vocab), second = random_tokens(15, 2, tiny_vocab);
  const auto changed = [](Tokens tokens, size_t at) {
    tokens[at] = (tokens[at] + 5) % tiny_vocab;
    return tokens;
  };
  const double a = loss_of(row(first, 3, 9), masked), b = loss_of(row(second, 4, 15), masked);
  const double both = loss_of(row(first, 3, 9) + row(second, 4, 15), masked);
  CHECK(close(both, a + b, 1e-12)); // the sum is taken over the targets one by one
  // Masked and last: read by nobody, predicted by nobody who counts.
  CHECK(loss_of(row(changed(first, 11), 3, 9) + row(second, 4, 15), masked) == both);
  CHECK(loss_of(row(changed(first, 9), 3, 9), masked) == a);
  CHECK(loss_of(row(changed(first, 8), 3, 9), masked) != a);
  CHECK(loss_of(row(changed(first, 0), 3, 9), masked) != a); // masked, but read
  // The other document's tokens change only its own share.
  const double other = loss_of(row(changed(first, 5), 3, 9), masked);
  CHECK(close(loss_of(row(changed(first, 5), 3, 9) + row(second, 4, 15), masked) - other, b, 1e-12));
  // Neither answer of a pair sees the other.
  const DocumentRules pair{RowKind::pair, tiny_vocab, 64};
  const Tokens prompt = random_tokens(5, 3, tiny_vocab);
  const double alone = loss_of(row_line(prompt), masked);
  CHECK(alone > 0.0);
  const auto answer = [&](const Tokens &tokens) {
    Tokens document = prompt;
    document.insert(document.end(), tokens.begin(), tokens.end());
    return loss_of(row(document, prompt.size(), document.size()), masked);
  };
  CHECK(close(loss_of(pair_line(prompt, first, second), pair), answer(first) + answer(second), 1e-12));
}

TEST(rows_of_the_wrong_kind_are_named) {
  struct Case {
    RowKind kind;
    const char *row, *expected;
  };
  for (const Case &c : {
           Case{RowKind::pair, R"({"tokens":[1,2]})", "another kind"},
           Case{RowKind::masked, R"({"prompt":[1],"chosen":[2],"rejected":[3]})", "another kind"},
           Case{RowKind::text, R"({"chosen":[2],"rejected":[3]})", "another kind"},
           Case{RowKind::text, R"({"tokens":[1,2],"train":[[1,2]]})", "learns every token"},
           Case{RowKind::text, R"({"tokens":[1]})", "fewer than two"},
           Case{RowKind::pair, R"({"prompt":[],"chosen":[2],"rejected":[3]})", "empty \"prompt\""},
           Case{RowKind::pair, R"({"prompt":[1],"chosen":[],"rejected":[3]})", "empty \"chosen\""},
           Case{RowKind::pair, R"({"prompt":[1],"chosen":[2]})", "whole numbers"},
           Case{RowKind::pair, R"({"prompt":[1],"chosen":[2],"rejected":null})", "whole numbers"},
           Case{RowKind::pair, R"({"prompt":[1],"chosen":[2],"rejected":[31]})", "vocabulary"},
           Case{RowKind::pair, R"({"prompt":[1],"chosen":[99],"rejected":[99]})", "vocabulary"},
           Case{RowKind::pair, R"({"prompt":[-1],"chosen":[2],"rejected":[3]})", "vocabulary"},
           Case{RowKind::pair, R"({"prompt":[1],"chosen":[2],"rejected":[3.5]})", "whole numbers"},
           Case{RowKind::pair, R"({"prompt":[1],"chosen":[2],"rej)", "torn"},
       }) {
    const std::string good = c.kind == RowKind::pair ? pair_line({1}, {2}, {3}) : row_line({1, 2, 3});
    std::string message;
    try {
      documents_of("wrong.jsonl", good + c.row + "\n" + good, {c.kind, tiny_vocab, 16, true});
    } catch (const Failure &failure) {
      CHECK(failure.cls == FailureClass::data && failure.code == "data.rows");
      message = failure.message;
    }
    CHECK_CASE(message.find(c.expected) != std::string::npos, std::string(c.row) + " " + message);
    CHECK_CASE(message.find("row 2") != std::string::npos, message);
  }
}

TEST(long_and_identical_pairs_are_dropped_and_counted) {
  const DocumentRules rules{RowKind::pair, tiny_vocab, 6};
  const Documents documents = documents_of("dropped.jsonl",
                                           pair_line({1, 2}, {3}, {4, 5, 6, 7}) + pair_line({1, 2}, {3}, {3}) +
                                               pair_line({1, 2}, {3, 4, 5, 6, 7}, {1}) + pair_line({2}, {4, 4}, {5}),
                                           rules);
  CHECK(documents.rows == 2 && documents.units() == 2 && documents.count() == 4);
  CHECK(documents.dropped_rows == 1 && documents.identical_rows == 1);
  CHECK(documents.target_tokens == 1 + 4 + 2 + 1);
  CHECK(documents.targets(1) == 4 && documents.length(1) == 6 && documents.targets(2) == 2);
  std::string code, message;
  try {
    documents_of("dropped.jsonl", pair_line({1, 2}, {3}, {3}) + pair_line({1}, {2}, {3, 3, 3, 3, 3, 3}), rules);
  } catch (const Failure &failure) {
    code = failure.code;
    message = failure.message;
  }
  CHECK(code == "data.empty");
  CHECK_CASE(message.find("1 longer than maxSequenceTokens and 1 that prefer an answer to itself") != std::string::npos,
             message);
}

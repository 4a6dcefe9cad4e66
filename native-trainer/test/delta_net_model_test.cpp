// Models whose layers are mostly gated delta nets, through the commands: what is read and refused, LoRA and full
// training, resuming, and scores that do not depend on what else is scored.
#include <cmath>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "common/failure.h"
#include "gguf/adapter_file.h"
#include "support/check.h"
#include "support/training_jobs.h"
#include "train/score_command.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

json usual_metadata() {
  return {{"rope.dimension_sections", {2, 1, 1, 0}}, {"ssm.conv_kernel", 4},    {"ssm.state_size", 8},
          {"ssm.group_count", 2},                    {"ssm.time_step_rank", 4}, {"ssm.inner_size", 32},
          {"full_attention_interval", 2}};
}

const std::string &delta_model() {
  static const std::string path = tiny_model_of("qwen35", usual_metadata());
  return path;
}

std::string refusal(const json &changes) {
  json metadata = usual_metadata();
  metadata.merge_patch(changes); // null takes a key away
  try {
    tiny_model_of("qwen35", metadata);
    return "accepted";
  } catch (const Failure &failure) {
    return failure.code;
  }
}

json request_for(const std::string &folder) {
  json request = request_into(folder);
  request["model"] = delta_model();
  return request;
}

} // namespace

TEST(what_llama_cpp_would_compute_differently_is_refused) {
  const std::vector<std::pair<json, std::string>> cases = {
      {json::object(), "accepted"},
      {{{"rope.dimension_sections", nullptr}}, "model.missing_metadata"},
      {{{"rope.dimension_sections", {4, 0, 0, 0}}}, "model.unsupported_feature"}, // pairs without a position
      {{{"rope.dimension_sections", {2, 1, 0, 1}}}, "model.unsupported_feature"},
      {{{"rope.dimension_sections", {2, 1}}}, "model.bad_dimension"},
      {{{"rope.dimension_sections", {0, 0, 0, 0}}}, "model.unsupported_feature"},
      {{{"ssm.conv_kernel", nullptr}}, "model.missing_metadata"},
      {{{"ssm.group_count", 0}}, "model.bad_dimension"},
      {{{"ssm.group_count", 3}}, "model.bad_dimension"},
      {{{"ssm.inner_size", 33}}, "model.bad_dimension"},
      {{{"ssm.state_size", 256}, {"ssm.inner_size", 1024}}, "model.unsupported_feature"},
  };
  for (const auto &[changes, code] : cases) {
    const std::string got = refusal(changes);
    CHECK_CASE(got == code, changes.dump() + ": " + got);
  }
  tiny_model_of("qwen35", usual_metadata()); // the path is shared: put the good one back
}

TEST(info_names_the_targets_that_llama_cpp_applies) {
  std::ostringstream out;
  CHECK(run_info(delta_model(), out) == 0);
  const json answer = json::parse(out.str());
  CHECK(answer.at("supported") == true);
  CHECK((answer.at("loraTargets") == json{"attn_q", "attn_k", "attn_v", "attn_qkv", "attn_gate", "ssm_beta", "ssm_alpha",
                                           "attn_output", "ssm_out", "ffn_gate", "ffn_up", "ffn_down"}));
}

TEST(training_learns_repeats_and_resumes_bit_for_bit) {
  for (const char *method : {"lora", "full"}) {
    json request = request_for(std::string("delta-") + method);
    request["method"] = method;
    if (request["method"] == "full") {
      request.erase("lora");
      request["output"] = {{"type", "F32"}};
      request["optimizer"] = {{"learningRate", 0.003}};
    }
    const Outcome whole = train(request);
    CHECK_CASE(whole.exit_code == 0, whole.message);
    const std::string hash = hash_of(request);
    const std::vector<double> course = course_of(whole);
    for (const double value : course) CHECK(std::isfinite(value));
    json again = request;
    again["outDir"] = in_scratch(std::string("delta-again-") + method);
    again["threads"] = 1;
    CHECK_CASE(course_of(train(again)) == course && hash_of(again) == hash, method);
    json pieces = request;
    pieces["outDir"] = in_scratch(std::string("delta-pieces-") + method);
    train_step_by_step(pieces);
    CHECK_CASE(hash_of(pieces) == hash, method);
  }
  json longer = request_for("delta-longer");
  longer["steps"] = 40;
  longer["lora"]["dropout"] = 0.0;
  train(longer);
  json untouched = longer;
  untouched["optimizer"]["learningRate"] = 1e-9;
  untouched["outDir"] = in_scratch("delta-untouched");
  train(untouched);
  const double before = scored_loss(untouched), after = scored_loss(longer);
  CHECK_CASE(after < 0.6 * before, std::to_string(before) + " to " + std::to_string(after));
  CHECK(read_adapter(adapter_of(longer), ModelFile::open(delta_model())).tensors.size() == 5 + 4 + 2 * 3); // delta net, attention, feed-forward
}

TEST(a_pair_scores_the_same_alone_and_with_others_because_batches_hold_whole_pairs) {
  std::string text;
  std::vector<std::string> rows;
  for (int i = 0; i < 20; ++i) {
    json context = json::array(); // a common prompt, then what differs
    for (int t = 0; t < 30 + (i % 3) * 25; ++t) context.push_back((t * 7 + t / 11) % vocab);
    rows.push_back(json{{"id", i}, {"context", context}, {"continuation", {i, (3 * i + 1) % vocab, 5}}}.dump() + "\n");
    text += rows.back();
  }
  write_text("delta-pairs.jsonl", text);
  json request = {{"model", delta_model()}, {"pairs", in_scratch("delta-pairs.jsonl")}, {"perToken", true}};
  const std::vector<json> usual = scored_lines(request);
  CHECK(usual.size() == 21 && usual.back().at("sharedTokens") == 0);
  for (const int batch : {1, 90, 200}) { // the longest pair has 82 inputs
    request["batchTokens"] = batch;
    const std::vector<json> other = scored_lines(request);
    for (size_t i = 0; i < 20; ++i) CHECK_CASE(other[i] == usual[i], std::to_string(batch));
  }
  request["threads"] = 1;
  request["logits"] = in_scratch("delta-logits.f32");
  const std::vector<json> with_logits = scored_lines(request);
  request.erase("logits");
  for (size_t i = 0; i < 20; ++i) {
    CHECK(with_logits[i] == usual[i]);
    write_text("delta-one.jsonl", rows[i]);
    request["pairs"] = in_scratch("delta-one.jsonl");
    CHECK(scored_lines(request)[0] == usual[i]);
  }
}

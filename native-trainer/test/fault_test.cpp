// Faults put into a real trex-train process. Each must end with its class in the last line and in the exit code; the
// last good checkpoint must still load, and what is trained on from there must be, bit for bit, what a run without the
// fault gives. No half-written file may stay, except that of a process that was killed, which the next start removes.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <unistd.h>

#include "common/digest.h"
#include "common/failure.h"
#include "gguf/adapter_file.h"
#include "ops/random.h"
#include "support/check.h"
#include "support/child_process.h"
#include "support/gguf_bytes.h"
#include "support/training_jobs.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

// A job of many short steps with a checkpoint after each, so that a fault at any moment hits a different place.
json long_job(const std::string &folder) {
  json request = request_into(folder);
  request["steps"] = 300;
  request["batch"]["tokensPerStep"] = 20;
  request["checkpointEverySteps"] = 1;
  request["resume"] = true;
  request["threads"] = 1;
  return request;
}

// What long_job gives when nothing happens to it.
const std::string &undisturbed_hash() {
  static const std::string hash = [] {
    json request = long_job("undisturbed");
    request["checkpointEverySteps"] = 0;
    ChildProcess child("train", request);
    CHECK(child.wait() == 0);
    CHECK(child.last_line()["sha256"] == hash_of(request));
    return hash_of(request);
  }();
  return hash;
}

std::string content_of(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::set<std::string> files_in(const std::string &folder) {
  std::set<std::string> names;
  if (!std::filesystem::exists(in_scratch(folder))) return names;
  for (const auto &entry : std::filesystem::directory_iterator(in_scratch(folder))) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

bool checkpoint_is_whole(const std::string &folder) {
  const std::string bytes = content_of(in_scratch(folder + "/checkpoint.trex"));
  if (bytes.size() < 64) return false;
  Sha256 hash;
  hash.update(bytes.data(), bytes.size() - 64);
  return bytes.ends_with(hash.finish());
}

void check_error(ChildProcess &child, FailureClass cls, const std::string &code, const std::string &what) {
  const int exit_code = child.wait();
  CHECK_CASE(exit_code == static_cast<int>(cls), what + ": exit code " + std::to_string(exit_code) + child.output());
  const json error = child.last_line();
  const bool complete = error.value("event", "") == "error" && error.value("message", "").ends_with(".") &&
                        !error.value("hint", "").empty();
  CHECK_CASE(complete && error.value("class", "") == failure_class_name(cls) && error.value("code", "") == code,
             what + ": " + error.dump());
}

void check_goes_on_as_if_nothing_had_been(const json &request, const std::string &what) {
  ChildProcess child("train", request);
  const int exit_code = child.wait();
  CHECK_CASE(exit_code == 0, what + ": " + child.output().substr(0, 400));
  CHECK_CASE(hash_of(request) == undisturbed_hash(), what);
  const std::string folder = std::filesystem::path(request["outDir"].get<std::string>()).filename().string();
  CHECK_CASE((files_in(folder) == std::set<std::string>{"adapter.gguf", "checkpoint.trex"}), what);
}

// Trains until a few checkpoints are there and ends by SIGTERM.
void train_a_little(const json &request) {
  ChildProcess child("train", request);
  CHECK(child.until([&] { return child.said("step"); }));
  child.send(SIGTERM);
  CHECK(child.wait() == 130);
}

} // namespace

TEST(bad_requests_rows_and_models_have_their_class) {
  struct Case {
    const char *what, *code;
    FailureClass cls;
    std::function<void(json &)> change;
  };
  const auto rows = [](const std::string &text) {
    return [text](json &request) {
      write_text("fault-rows.jsonl", text);
      request["data"] = in_scratch("fault-rows.jsonl");
    };
  };
  std::string too_long = "{\"tokens\":[1";
  for (int i = 0; i < 64; ++i) too_long += ",2";
  too_long += "]}\n";
  const std::vector<Case> cases = {
      {"no model", "file.missing", FailureClass::config, [](json &r) { r["model"] = in_scratch("nowhere.gguf"); }},
      {"tokenizer and embeddings differ", "model.vocabulary_mismatch", FailureClass::config,
       [](json &r) {
         TinyModel model;
         model.listed_tokens = 2;
         r["model"] = model.save("mismatch.gguf");
       }},
      {"token outside the vocabulary", "data.rows", FailureClass::data, rows("{\"tokens\":[1,40]}\n")},
      {"all masked", "data.rows", FailureClass::data, rows("{\"tokens\":[1,2,3],\"train\":[]}\n")},
      {"torn row", "data.rows", FailureClass::data, rows("{\"tokens\":[1,2,3]}\n{\"tokens\":[1,2")},
      {"empty set", "data.empty", FailureClass::data, rows("")},
      {"nothing left after the filter", "data.empty", FailureClass::data, rows(too_long + too_long)},
      {"memory", "memory.plan", FailureClass::oom, [](json &r) { r["limits"] = {{"memoryBytes", 100000}}; }},
      {"folder that is a file", "file.write", FailureClass::env,
       [](json &r) {
         write_text("a-file", "x");
         r["outDir"] = in_scratch("a-file/out");
       }},
  };
  for (const Case &entry : cases) {
    json request = request_into("refused");
    entry.change(request);
    ChildProcess child("train", request);
    check_error(child, entry.cls, entry.code, entry.what);
    CHECK_CASE(!child.said("step"), entry.what);
    CHECK_CASE(files_in("refused").empty(), entry.what);
  }
}

TEST(rows_longer_than_the_context_are_dropped_and_counted) {
  std::string rows = "{\"tokens\":[1,2,3]}\n{\"tokens\":[1";
  for (int i = 0; i < 64; ++i) rows += ",2";
  write_text("one-long.jsonl", rows + "]}\n");
  json request = request_into("one-long");
  request["data"] = in_scratch("one-long.jsonl");
  ChildProcess child("train", request);
  CHECK(child.wait() == 0);
  CHECK(child.output().find("\"droppedRows\":1") != std::string::npos);
}

TEST(time_limit_keeps_what_was_learnt) {
  json request = long_job("timeout");
  request["limits"] = {{"seconds", 0}};
  ChildProcess child("train", request);
  check_error(child, FailureClass::timeout, "train.timeout", "time limit");
  CHECK((files_in("timeout") == std::set<std::string>{"adapter.gguf", "checkpoint.trex"}));
  request.erase("limits");
  check_goes_on_as_if_nothing_had_been(request, "time limit");
}

TEST(an_exploding_loss_keeps_the_last_good_weights) {
  json request = request_into("explodes");
  request["optimizer"] = {{"learningRate", 1e4}, {"clipNorm", 0}};
  request["steps"] = 200;
  ChildProcess child("train", request);
  check_error(child, FailureClass::diverged, "train.diverged", "explodes");
  CHECK(checkpoint_is_whole("explodes"));
  CHECK((files_in("explodes") == std::set<std::string>{"adapter.gguf", "checkpoint.trex"}));
  CHECK(!read_adapter(in_scratch("explodes/adapter.gguf"), ModelFile::open(tiny_model())).tensors.empty());
}

// Without a checkpoint, the weights themselves may have become too large for the type they are to be stored in.
TEST(weights_that_cannot_be_stored_do_not_hide_the_divergence) {
  json request = request_into("too-large");
  request["optimizer"] = {{"learningRate", 1e6}, {"clipNorm", 0}, {"warmupFraction", 0}};
  request["steps"] = 200;
  request["checkpointEverySteps"] = 0;
  request["output"] = {{"type", "F16"}};
  ChildProcess child("train", request);
  check_error(child, FailureClass::diverged, "train.diverged", "too large");
  CHECK_CASE(child.last_line()["message"].get<std::string>().find("could not be kept") != std::string::npos, child.output());
  CHECK(files_in("too-large").empty());
}

// A weight that is not a number makes the first loss one that is not.
TEST(nan_in_the_model_is_divergence_at_the_first_step) {
  std::string bytes = content_of(tiny_model());
  {
    const ModelFile model = ModelFile::open(tiny_model());
    const int64_t norm = gguf_find_tensor(model.context(), "output_norm.weight");
    const size_t at = gguf_get_data_offset(model.context()) + gguf_get_tensor_offset(model.context(), norm);
    bytes.replace(at, 4, std::string("\0\0\xc0\x7f", 4));
  }
  write_text("nan.gguf", bytes);
  json request = request_into("nan");
  request["model"] = in_scratch("nan.gguf");
  ChildProcess child("train", request);
  check_error(child, FailureClass::diverged, "train.diverged", "nan");
  CHECK(child.last_line()["message"].get<std::string>().find("not a number") != std::string::npos);
  CHECK(!child.said("step"));
}

TEST(sigterm_writes_a_checkpoint_and_the_job_goes_on_from_it) {
  for (const int number : {SIGTERM, SIGINT}) {
    const std::string folder = "signal-" + std::to_string(number);
    json request = long_job(folder);
    request["checkpointEverySteps"] = 0; // the only checkpoint is the one the signal asks for
    ChildProcess child("train", request);
    CHECK(child.until([&] { return child.said("step"); }));
    child.send(number);
    CHECK(child.wait() == 130);
    CHECK(child.last_line()["event"] == "checkpoint");
    CHECK(checkpoint_is_whole(folder));
    CHECK((files_in(folder) == std::set<std::string>{"checkpoint.trex"}));
    check_goes_on_as_if_nothing_had_been(request, folder);
  }
}

TEST(kill_9_at_many_moments_changes_nothing) {
  const json request = long_job("killed");
  constexpr uint64_t kills = 30;
  int left_half_written = 0;
  for (uint64_t kill = 0; kill < kills; ++kill) {
    ChildProcess child("train", request);
    const auto is_writing = [] {
      for (const std::string &name : files_in("killed")) {
        if (name.ends_with(".tmp")) return true;
      }
      return false;
    };
    if (kill % 3 == 0) { // anywhere, loading and resuming included
      std::this_thread::sleep_for(std::chrono::microseconds(random_bits(9, kill, 0) % 30000));
    } else { // in the middle of writing a checkpoint, or just behind it
      CHECK(child.until([&] { return child.said("step"); }));
      std::this_thread::sleep_for(std::chrono::microseconds(random_bits(9, kill, 0) % 3000));
      if (kill % 3 == 1) child.until(is_writing);
    }
    child.send(SIGKILL);
    CHECK_CASE(child.wait() == -SIGKILL, "kill " + std::to_string(kill) + ": " + child.last_line().dump());
    for (const std::string &name : files_in("killed")) {
      const bool temporary = name.ends_with(".tmp");
      left_half_written += temporary;
      CHECK_CASE(name == "checkpoint.trex" || temporary, name);
    }
    if (files_in("killed").contains("checkpoint.trex")) CHECK(checkpoint_is_whole("killed"));
  }
  std::printf("       %d kills left a half-written file\n", left_half_written);
  check_goes_on_as_if_nothing_had_been(request, "kill -9"); // and nothing half-written is left
}

TEST(no_room_for_a_checkpoint_keeps_the_last_one) {
  const json request = long_job("full-disk");
  train_a_little(request);
  const std::string before = content_of(in_scratch("full-disk/checkpoint.trex"));
  for (const uint64_t limit : {uint64_t{4096}, uint64_t{before.size() / 2}, uint64_t{before.size() - 1024}}) {
    ChildProcess child("train", request, Output::file, limit);
    check_error(child, FailureClass::env, "file.write", std::to_string(limit) + " bytes");
    CHECK(content_of(in_scratch("full-disk/checkpoint.trex")) == before);
    CHECK((files_in("full-disk") == std::set<std::string>{"checkpoint.trex"}));
  }
  check_goes_on_as_if_nothing_had_been(request, "full disk");
}

TEST(lost_output_is_an_env_failure_that_loses_no_checkpoint) {
  const std::string device = std::filesystem::exists("/dev/full") ? "/dev/full" : "";
  for (const Output output : {Output::closed, Output::broken_pipe, Output::full_device}) {
    if (output == Output::full_device && device.empty()) continue;
    const std::string folder = "output-" + std::to_string(static_cast<int>(output));
    const json request = long_job(folder);
    train_a_little(request);
    ChildProcess child("train", request, output);
    CHECK_CASE(child.wait() == static_cast<int>(FailureClass::env), folder);
    CHECK_CASE(checkpoint_is_whole(folder), folder);
    CHECK_CASE((files_in(folder) == std::set<std::string>{"checkpoint.trex"}), folder);
    check_goes_on_as_if_nothing_had_been(request, folder);
  }
}

TEST(a_folder_that_cannot_be_written_to_is_found_before_the_first_step) {
  json request = long_job("read-only");
  std::filesystem::create_directories(in_scratch("read-only"));
  std::filesystem::permissions(in_scratch("read-only"), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  // The permissions of a folder do not bind root, the kernel's own file system does.
  if (::geteuid() == 0) request["outDir"] = "/proc/trex-out";
  ChildProcess child("train", request);
  check_error(child, FailureClass::env, "file.write", "read-only");
  CHECK(!child.said("step"));
  CHECK(files_in("read-only").empty());
}

TEST(a_damaged_checkpoint_is_refused_wherever_it_is_cut) {
  const json request = long_job("cut");
  train_a_little(request);
  const std::string whole = content_of(in_scratch("cut/checkpoint.trex"));
  for (size_t length = 0; length < whole.size(); length += length < 16 ? 4 : whole.size() / 8) {
    write_text("cut/checkpoint.trex", whole.substr(0, length));
    const Outcome outcome = train(request);
    CHECK_CASE(outcome.code == "checkpoint.damaged", std::to_string(length) + " bytes: " + outcome.code);
    CHECK(content_of(in_scratch("cut/checkpoint.trex")).size() == length);
  }
  write_text("cut/checkpoint.trex", whole);
  check_goes_on_as_if_nothing_had_been(request, "cut");
}

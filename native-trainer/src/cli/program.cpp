#include <algorithm>
#include <array>
#include <iostream>
#include <new>
#include <string_view>

#include "cli/commands.h"
#include "common/failure.h"
#include "common/request.h"
#include "common/version.h"
#include "ggml.h"
#include "train/bench_command.h"
#include "train/score_command.h"
#include "train/train_command.h"

namespace trex {
namespace {

using nlohmann::json;

constexpr int usage_exit_code = 2;
constexpr int bug_exit_code = 70;

struct Command {
  std::string_view name;
  int (*run)(const json &request, std::ostream &out);
  std::string_view help;
};

int run_info_request(const json &document, std::ostream &out) {
  Request request(document);
  const std::string path = request.text("model");
  request.finish();
  return run_info(path, out);
}

constexpr std::array commands = {
    Command{"info", run_info_request, "describe a model; takes the GGUF path itself, or {\"model\": path}"},
    Command{"plan", run_plan, "predict bytes, steps and time of a train request without training"},
    Command{"train", run_train, "fine-tune a model (LoRA) or train all weights of a small one"},
    Command{"score", run_score, "log-likelihoods of continuations given their contexts"},
    Command{"merge", run_merge, "fold an adapter into its model, or store a model in another type"},
    Command{"import-adapter", run_import_adapter, "turn a Hugging Face PEFT adapter folder into a GGUF adapter"},
    Command{"export-adapter", run_export_adapter, "turn a GGUF adapter into a Hugging Face PEFT folder"},
    Command{"make-model", run_make_model, "make a model with random weights and a real tokenizer"},
    Command{"bench", run_bench, "measure this machine's training speed"},
};

int show_help(std::ostream &out) {
  out << "trex-train " << version << ": fine-tunes the very GGUF file that is served.\n\n"
      << "  trex-train devices                 processor, memory and graphics cards\n";
  for (const Command &command : commands) {
    std::string line = "  trex-train " + std::string(command.name) + " REQUEST.json|-";
    line.resize(std::max<size_t>(line.size() + 1, 37), ' ');
    out << line << command.help << "\n";
  }
  out << "  trex-train --version\n\n"
      << "Example: echo '{\"seconds\": 2}' | trex-train bench -\n";
  return 0;
}

int fail(std::ostream &out, int exit_code, const char *class_name, const std::string &code, const std::string &message,
         const std::string &hint) {
  const nlohmann::ordered_json error = {
      {"event", "error"}, {"class", class_name}, {"code", code}, {"message", message}, {"hint", hint}};
  out << json_line(error) << std::endl;
  return exit_code;
}

int usage_error(std::ostream &out, const std::string &code, const std::string &message) {
  return fail(out, usage_exit_code, "USAGE", code, message, "Run trex-train --help for the commands and an example.");
}

bool is_json_request(const std::string &argument) { return argument == "-" || argument.ends_with(".json"); }

int dispatch(const std::vector<std::string> &arguments, std::ostream &out) {
  if (arguments.empty()) return usage_error(out, "usage.no_command", "No command was given.");
  const std::string &name = arguments[0];
  if (name == "--help" || name == "-h" || name == "help") return show_help(out);
  if (name == "--version") {
    out << version << std::endl;
    return 0;
  }
  if (name == "devices") {
    if (arguments.size() > 1) return usage_error(out, "usage.arguments", "The devices command takes no arguments.");
    return run_devices(out);
  }
  for (const Command &command : commands) {
    if (command.name != name) continue;
    if (arguments.size() != 2) {
      return usage_error(out, "usage.arguments", "The " + name + " command takes exactly one request: a file path or -.");
    }
    if (arguments[1] == "--help" || arguments[1] == "-h") return show_help(out);
    if (name == "info" && !is_json_request(arguments[1])) return run_info(arguments[1], out);
    return command.run(read_request(arguments[1]), out);
  }
  return usage_error(out, "usage.unknown_command", "There is no command \"" + name + "\".");
}

// ggml speaks only when something is wrong, which validation has already put into words.
void ignore_ggml_log(ggml_log_level, const char *, void *) {}

} // namespace

int run_program(const std::vector<std::string> &arguments, std::ostream &out) {
  ggml_log_set(ignore_ggml_log, nullptr);
  try {
    const int exit_code = dispatch(arguments, out);
    out.flush();
    // Nobody reads the answer of a program whose output is gone, but its exit code still counts.
    return out.good() ? exit_code : static_cast<int>(FailureClass::env);
  } catch (const Failure &failure) {
    return fail(out, static_cast<int>(failure.cls), failure_class_name(failure.cls), failure.code, failure.message,
                failure.hint);
  } catch (const std::bad_alloc &) {
    return fail(out, static_cast<int>(FailureClass::oom), failure_class_name(FailureClass::oom), "memory.exhausted",
                "The system has no memory left for this job; files already written are whole.",
                "Close other programs, use shorter sequences, or choose a smaller model.");
  } catch (const std::exception &error) {
    return fail(out, bug_exit_code, "BUG", "bug.exception",
                std::string("trex-train met a condition it was not written for (") + error.what() + ").",
                "Please report this with the request that caused it.");
  }
}

} // namespace trex

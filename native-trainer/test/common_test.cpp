#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <vector>

#include "common/atomic_file.h"
#include "common/cpu_features.h"
#include "common/digest.h"
#include "common/failure.h"
#include "common/mapped_file.h"
#include "common/platform.h"
#include "common/request.h"
#include "common/thread_pool.h"
#include "support/check.h"

namespace {

using namespace trex;
using nlohmann::json;

std::string path_of(const std::string &name) { return trex::test::scratch_folder() + "/" + name; }

std::string content_of(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void put(const std::string &path, const std::string &content) { std::ofstream(path, std::ios::binary) << content; }

template <class Action> std::string code_of(const Action &action) {
  try {
    action();
    return "fine";
  } catch (const Failure &failure) {
    return failure.code;
  }
}

} // namespace

TEST(digest_matches_the_standard) {
  Sha256 empty;
  CHECK(empty.finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces; // FIPS 180-4's two-block example, in uneven pieces
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  pieces.update(text.data(), 5);
  pieces.update(text.data() + 5, text.size() - 5);
  CHECK(pieces.finish() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(a_file_appears_whole_or_not_at_all) {
  const std::string path = path_of("folder/inside/file.txt");
  {
    AtomicFile file(path);
    file.write("first", 5);
    const WrittenFile written = file.commit();
    CHECK(written.size_bytes == 5 && written.sha256 == sha256_of_file(path));
  }
  {
    AtomicFile file(path);
    file.write("second", 6);
    CHECK(content_of(path) == "first");
  } // not committed
  CHECK(content_of(path) == "first");
  const auto entries = std::filesystem::directory_iterator(path_of("folder/inside"));
  CHECK(std::distance(begin(entries), end(entries)) == 1);
}

TEST(what_killed_processes_left_of_a_file_is_removed_and_nothing_else) {
  const std::string path = path_of("killed/file.txt");
  const AtomicFile being_written(path);
  put(path_of("killed/file.txt.4711.0.tmp"), "half");
  put(path_of("killed/file.txt.4711.12.tmp"), "half");
  const std::vector<std::string> kept = {"file.txt.tmp",    "file.txt.1.tmp",  "file.txt.a.1.tmp", "file.txt.1.2.tmp.gz",
                                         "file.txt.1..tmp", "other.1.2.tmp", "file.txtx.1.2.tmp"};
  for (const std::string &name : kept) put(path_of("killed/" + name), "mine");
  { const AtomicFile next(path); }
  for (const std::string &name : kept) CHECK_CASE(content_of(path_of("killed/" + name)) == "mine", name);
  const auto entries = std::filesystem::directory_iterator(path_of("killed"));
  CHECK(static_cast<size_t>(std::distance(begin(entries), end(entries))) == kept.size() + 1); // and the one being written
}

TEST(a_folder_that_cannot_be_made_is_an_env_failure) {
  put(path_of("plain"), "x");
  CHECK(code_of([] { AtomicFile file(path_of("plain/file")); }) == "file.write");
}

TEST(missing_files_and_folders_are_told_apart) {
  CHECK(code_of([] { MappedFile::open(path_of("nowhere")); }) == "file.missing");
  CHECK(code_of([] { MappedFile::open(trex::test::scratch_folder()); }) == "file.not_regular");
  put(path_of("empty"), "");
  CHECK(MappedFile::open(path_of("empty")).size_bytes() == 0);
}

TEST(split_covers_every_index_once) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    CHECK(pool.thread_count() == threads);
    for (const int64_t count : {0, 1, 7, 64, 1000}) {
      for (const int64_t granularity : {1, 8, 100}) {
        std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
        std::atomic<bool> in_steps{true};
        pool.split(count, granularity, [&](int64_t begin, int64_t end, int thread) {
          if (begin % granularity != 0 || (end % granularity != 0 && end != count)) in_steps = false;
          if (thread < 0 || thread >= threads) in_steps = false;
          for (int64_t index = begin; index < end; ++index) ++seen[static_cast<size_t>(index)];
        });
        bool once = in_steps;
        for (const auto &times : seen) once = once && times == 1;
        CHECK_CASE(once, std::to_string(threads) + " threads, " + std::to_string(count));
      }
    }
  }
}

TEST(each_covers_every_index_once_under_load) {
  ThreadPool pool(3);
  for (int round = 0; round < 2000; ++round) {
    std::atomic<int64_t> sum{0};
    pool.each(round % 17, [&](int64_t index, int) { sum += index + 1; });
    const int64_t count = round % 17;
    CHECK_CASE(sum == count * (count + 1) / 2, std::to_string(round));
  }
}

TEST(the_machine_has_sensible_numbers) {
  CHECK(platform::physical_processors() >= 1 && platform::logical_processors() >= platform::physical_processors());
  CHECK(platform::total_memory_bytes() >= platform::free_memory_bytes() && platform::free_memory_bytes() > 0);
  const uint64_t before = platform::resident_bytes();
  std::vector<char> memory(64 << 20, 1);
  CHECK(std::accumulate(memory.begin(), memory.end(), int64_t{0}) == 64 << 20);
  const uint64_t after = platform::resident_bytes(); // the system's counters lag a little
  CHECK_CASE(after >= before + (48 << 20), std::to_string(before) + " -> " + std::to_string(after));
  CHECK(platform::peak_resident_bytes() >= after);
  CHECK(available_isas().front() == Isa::baseline && available_isas().back() == best_isa());
  CHECK(!platform::probe_library("no-such-library-anywhere.so").loadable);
}

TEST(requests_are_read_strictly) {
  const json value = json::parse(R"({"text":"x","count":3,"large":18446744073709551615,"ratio":0.5,"yes":true,
    "none":null,"list":["a","b"],"mixed":["a",1],"inner":{"deep":1},"numbers":[1,2]})");
  Request request(value);
  CHECK(request.text("text") == "x" && request.integer("count", 0, 5) == 3 && request.number("ratio", 0, 1) == 0.5);
  CHECK(request.boolean_or("yes", false) && !request.has("none") && request.integer_or("none", 9, 0, 9) == 9);
  CHECK(request.text_list("list").size() == 2 && request.integer_list("numbers", 0, 2).back() == 2);
  CHECK(code_of([&] { request.text("absent"); }) == "request.missing");
  CHECK(code_of([&] { request.text("count"); }) == "request.type");
  CHECK(code_of([&] { request.integer("ratio", 0, 5); }) == "request.type");
  CHECK(code_of([&] { request.integer("count", 0, 2); }) == "request.range");
  CHECK(code_of([&] { request.integer("large", 0, INT64_MAX); }) == "request.range");
  CHECK(code_of([&] { request.number("count", 0, 1); }) == "request.range");
  CHECK(code_of([&] { request.text_list("mixed"); }) == "request.type");
  CHECK(code_of([&] { request.integer_list("numbers", 0, 1); }) == "request.range");
  CHECK(code_of([&] { request.choice_or("text", "y", {"y", "z"}); }) == "request.range");
  CHECK(code_of([&] { request.object("text"); }) == "request.type");
  CHECK(code_of([&] { request.finish(); }) == "request.unknown_field");
  Request inner = request.object("inner");
  try {
    inner.integer("deep", 2, 3);
  } catch (const Failure &failure) {
    CHECK(failure.message.find("inner.deep") != std::string::npos);
  }
  inner.finish();
  request.finish();
}

TEST(documents_that_are_no_request_are_refused) {
  const auto code = [](const std::string &content) {
    put(path_of("request.json"), content);
    return code_of([] { read_request(path_of("request.json")); });
  };
  CHECK(code(R"({"a":1})") == "fine");
  CHECK(code("") == "request.not_json");
  CHECK(code("[1]") == "request.not_json");
  CHECK(code("{\"a\":") == "request.not_json");
  CHECK(code("{\"a\":NaN}") == "request.not_json");
  CHECK(code("{\"a\":\"\xff\"}") == "request.not_json");
  CHECK(code("{\"a\":" + std::string(200000, '[') + std::string(200000, ']') + "}") == "request.not_json");
  CHECK(code_of([] { read_request(path_of("absent.json")); }) == "file.missing");
}

TEST(text_that_is_not_utf8_can_be_printed) { CHECK(json_line(json("a\xff")) == "\"a\xEF\xBF\xBD\""); }

// The whole test framework: TEST(name) { CHECK(condition); } and a main that runs them all.
// A program takes an optional argument: only tests whose name contains it run.
#pragma once

#include <string>

namespace trex::test {

using TestFunction = void (*)();

bool register_test(const char *name, TestFunction function);
void report_failure(const char *file, int line, const std::string &what);

// A fresh folder, removed when the program ends.
std::string scratch_folder();

} // namespace trex::test

#define TEST(name)                                                                                                     \
  static void test_##name();                                                                                          \
  [[maybe_unused]] static const bool registered_##name = trex::test::register_test(#name, test_##name);               \
  static void test_##name()

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) trex::test::report_failure(__FILE__, __LINE__, #condition);                                      \
  } while (false)

// Like CHECK, with a text that says which case of a table failed.
#define CHECK_CASE(condition, text)                                                                                    \
  do {                                                                                                                 \
    if (!(condition)) trex::test::report_failure(__FILE__, __LINE__, std::string(#condition) + " [" + (text) + "]");   \
  } while (false)

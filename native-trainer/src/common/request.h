// Strict reading of the JSON requests the commands take: every field is asked for by name, type and range, and a field
// nobody asked for is an error, so that a misspelt option is never ignored.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace trex {

// All members throw Failure CONFIG: "request.missing", "request.type", "request.range" or "request.unknown_field".
// A field that is null counts as absent. `value` must outlive the Request.
class Request {
public:
  // `where` is the dotted path shown in messages; empty for the document itself.
  explicit Request(const nlohmann::json &value, std::string where = "");

  bool has(const std::string &key);

  std::string text(const std::string &key); // not empty
  std::string text_or(const std::string &key, const std::string &otherwise);
  std::optional<std::string> optional_text(const std::string &key);

  int64_t integer(const std::string &key, int64_t minimum, int64_t maximum);
  int64_t integer_or(const std::string &key, int64_t otherwise, int64_t minimum, int64_t maximum);
  std::optional<int64_t> optional_integer(const std::string &key, int64_t minimum, int64_t maximum);

  // Finite, minimum <= value <= maximum.
  double number(const std::string &key, double minimum, double maximum);
  double number_or(const std::string &key, double otherwise, double minimum, double maximum);
  std::optional<double> optional_number(const std::string &key, double minimum, double maximum);

  bool boolean_or(const std::string &key, bool otherwise);

  std::vector<double> number_list_or_empty(const std::string &key, double minimum, double maximum);
  std::vector<std::string> text_list(const std::string &key);
  std::optional<std::vector<std::string>> optional_text_list(const std::string &key);
  std::vector<int32_t> integer_list(const std::string &key, int32_t minimum, int32_t maximum);

  // A nested object; the optional form gives an empty object when absent.
  Request object(const std::string &key);
  Request object_or_empty(const std::string &key);
  std::vector<Request> optional_objects(const std::string &key); // a list of objects; none when absent

  // One of `choices`, given as text.
  std::string choice_or(const std::string &key, const std::string &otherwise, const std::vector<std::string> &choices);

  // All field names of this object, for maps whose keys are data; marks them as read.
  std::vector<std::string> keys();

  // Throws "request.unknown_field" when a field was never asked for. Call after the last read.
  void finish() const;

private:
  const nlohmann::json *find(const std::string &key); // null when absent or null
  const nlohmann::json &need(const std::string &key);
  std::string path(const std::string &key) const;
  [[noreturn]] void wrong_type(const std::string &key, const std::string &expected) const;
  [[noreturn]] void wrong_range(const std::string &key, const std::string &expected) const;
  int64_t checked_integer(const nlohmann::json &value, const std::string &key, int64_t minimum, int64_t maximum) const;
  double checked_number(const nlohmann::json &value, const std::string &key, double minimum, double maximum) const;

  const nlohmann::json *value_;
  std::string where_;
  std::set<std::string> read_;
};

// Reads a request document from a file path, or from standard input when the source is "-".
// Throws Failure CONFIG "file.*", "request.too_large" (over 256 MiB) or "request.not_json".
nlohmann::json read_request(const std::string &source);

// One line of JSON. Text that is not UTF-8 (hostile metadata) is shown with replacement characters.
template <class Json> std::string json_line(const Json &value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace trex

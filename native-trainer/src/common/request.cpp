#include "common/request.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <sstream>
#include <string_view>

#include "common/failure.h"
#include "common/mapped_file.h"

namespace trex {
namespace {

using nlohmann::json;

constexpr const char *see_readme = "See native-trainer/README.md for the request format.";
constexpr size_t max_request_bytes = size_t{256} << 20;
constexpr int max_request_depth = 64;

const json empty_object = json::object();

std::string shown(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string read_standard_input() {
  std::string text;
  char piece[65536];
  while (std::cin.read(piece, sizeof piece) || std::cin.gcount() > 0) {
    text.append(piece, static_cast<size_t>(std::cin.gcount()));
    if (text.size() > max_request_bytes) break;
  }
  return text;
}

json parse(std::string_view text, const std::string &name) {
  if (text.size() > max_request_bytes) {
    throw config_failure("request.too_large", name + " is larger than 256 MiB.", see_readme);
  }
  bool too_deep = false;
  const json::parser_callback_t watch_depth = [&](int depth, json::parse_event_t, json &) {
    too_deep = too_deep || depth > max_request_depth;
    return !too_deep;
  };
  json value;
  try {
    value = json::parse(text.begin(), text.end(), watch_depth);
  } catch (const json::exception &error) {
    throw config_failure("request.not_json", name + " is not a JSON document (" + error.what() + ").", see_readme);
  }
  if (too_deep || !value.is_object()) {
    throw config_failure("request.not_json", name + " is not a JSON object.", see_readme);
  }
  return value;
}

} // namespace

json read_request(const std::string &source) {
  if (source == "-") return parse(read_standard_input(), "The request on standard input");
  const MappedFile file = MappedFile::open(source);
  return parse({reinterpret_cast<const char *>(file.data()), file.size_bytes()}, "The request " + source);
}

Request::Request(const json &value, std::string where) : value_(&value), where_(std::move(where)) {}

std::string Request::path(const std::string &key) const { return where_.empty() ? key : where_ + "." + key; }

const json *Request::find(const std::string &key) {
  read_.insert(key);
  const auto found = value_->find(key);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

const json &Request::need(const std::string &key) {
  const json *found = find(key);
  if (found != nullptr) return *found;
  throw config_failure("request.missing", "The request has no \"" + path(key) + "\".", see_readme);
}

void Request::wrong_type(const std::string &key, const std::string &expected) const {
  throw config_failure("request.type", "\"" + path(key) + "\" in the request is not " + expected + ".", see_readme);
}

void Request::wrong_range(const std::string &key, const std::string &expected) const {
  throw config_failure("request.range", "\"" + path(key) + "\" in the request must be " + expected + ".", see_readme);
}

bool Request::has(const std::string &key) { return find(key) != nullptr; }

std::string Request::text(const std::string &key) {
  const json &value = need(key);
  if (!value.is_string()) wrong_type(key, "a text");
  std::string result = value.get<std::string>();
  if (result.empty()) wrong_range(key, "a text that is not empty");
  return result;
}

std::optional<std::string> Request::optional_text(const std::string &key) {
  const json *value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) wrong_type(key, "a text");
  return value->get<std::string>();
}

std::string Request::text_or(const std::string &key, const std::string &otherwise) {
  return optional_text(key).value_or(otherwise);
}

int64_t Request::checked_integer(const json &value, const std::string &key, int64_t minimum, int64_t maximum) const {
  if (!value.is_number_integer()) wrong_type(key, "a whole number");
  const bool too_large = value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  const int64_t number = too_large ? 0 : value.get<int64_t>();
  if (too_large || number < minimum || number > maximum) {
    wrong_range(key, "between " + std::to_string(minimum) + " and " + std::to_string(maximum));
  }
  return number;
}

int64_t Request::integer(const std::string &key, int64_t minimum, int64_t maximum) {
  return checked_integer(need(key), key, minimum, maximum);
}

std::optional<int64_t> Request::optional_integer(const std::string &key, int64_t minimum, int64_t maximum) {
  const json *value = find(key);
  if (value == nullptr) return std::nullopt;
  return checked_integer(*value, key, minimum, maximum);
}

int64_t Request::integer_or(const std::string &key, int64_t otherwise, int64_t minimum, int64_t maximum) {
  return optional_integer(key, minimum, maximum).value_or(otherwise);
}

double Request::checked_number(const json &value, const std::string &key, double minimum, double maximum) const {
  if (!value.is_number()) wrong_type(key, "a number");
  const double number = value.get<double>();
  if (!std::isfinite(number) || number < minimum || number > maximum) {
    wrong_range(key, "between " + shown(minimum) + " and " + shown(maximum));
  }
  return number;
}

double Request::number(const std::string &key, double minimum, double maximum) {
  return checked_number(need(key), key, minimum, maximum);
}

std::optional<double> Request::optional_number(const std::string &key, double minimum, double maximum) {
  const json *value = find(key);
  if (value == nullptr) return std::nullopt;
  return checked_number(*value, key, minimum, maximum);
}

double Request::number_or(const std::string &key, double otherwise, double minimum, double maximum) {
  return optional_number(key, minimum, maximum).value_or(otherwise);
}

bool Request::boolean_or(const std::string &key, bool otherwise) {
  const json *value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) wrong_type(key, "true or false");
  return value->get<bool>();
}

std::optional<std::vector<std::string>> Request::optional_text_list(const std::string &key) {
  const json *value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto is_text = [](const json &element) { return element.is_string(); };
  if (!value->is_array() || !std::all_of(value->begin(), value->end(), is_text)) wrong_type(key, "a list of texts");
  return value->get<std::vector<std::string>>();
}

std::vector<std::string> Request::text_list(const std::string &key) {
  need(key);
  return *optional_text_list(key);
}

std::vector<double> Request::number_list_or_empty(const std::string &key, double minimum, double maximum) {
  std::vector<double> result;
  const json *value = find(key);
  if (value == nullptr) return result;
  if (!value->is_array()) wrong_type(key, "a list of numbers");
  for (const json &element : *value) {
    if (!element.is_number()) wrong_type(key, "a list of numbers");
    const auto number = element.get<double>();
    if (!(number >= minimum && number <= maximum)) wrong_type(key, "a list of numbers in their range");
    result.push_back(number);
  }
  return result;
}

std::vector<int32_t> Request::integer_list(const std::string &key, int32_t minimum, int32_t maximum) {
  const json &value = need(key);
  if (!value.is_array()) wrong_type(key, "a list of whole numbers");
  std::vector<int32_t> result;
  result.reserve(value.size());
  for (const json &element : value) {
    result.push_back(static_cast<int32_t>(checked_integer(element, key, minimum, maximum)));
  }
  return result;
}

Request Request::object(const std::string &key) {
  const json &value = need(key);
  if (!value.is_object()) wrong_type(key, "an object");
  return Request(value, path(key));
}

Request Request::object_or_empty(const std::string &key) {
  return has(key) ? object(key) : Request(empty_object, path(key));
}

std::vector<Request> Request::optional_objects(const std::string &key) {
  std::vector<Request> objects;
  const json *value = find(key);
  if (value == nullptr) return objects;
  const auto is_object = [](const json &element) { return element.is_object(); };
  if (!value->is_array() || !std::all_of(value->begin(), value->end(), is_object)) wrong_type(key, "a list of objects");
  for (const json &element : *value) {
    objects.emplace_back(element, path(key) + "[" + std::to_string(objects.size()) + "]");
  }
  return objects;
}

std::string Request::choice_or(const std::string &key, const std::string &otherwise,
                               const std::vector<std::string> &choices) {
  std::string value = text_or(key, otherwise);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  std::string list;
  for (const std::string &choice : choices) list += (list.empty() ? "" : ", ") + choice;
  wrong_range(key, "one of " + list);
}

std::vector<std::string> Request::keys() {
  std::vector<std::string> names;
  for (const auto &[name, value] : value_->items()) {
    names.push_back(name);
    read_.insert(name);
  }
  return names;
}

void Request::finish() const {
  for (const auto &[name, value] : value_->items()) {
    if (read_.contains(name)) continue;
    throw config_failure("request.unknown_field", "The request has an unknown field \"" + path(name) + "\".", see_readme);
  }
}

} // namespace trex

#include "peft/module_pattern.h"

#include <bitset>
#include <cctype>
#include <optional>
#include <vector>

#include "common/failure.h"

namespace trex {

// A pattern takes a set of positions in the text to the set of positions at which a match that began there can end.
struct ModulePattern::Node {
  enum class Kind { characters, sequence, alternatives, repeat, start, end, word_boundary };
  Kind kind = Kind::sequence;
  std::bitset<256> characters;            // of one character
  std::vector<Node> children;             // one for repeat
  int least = 0;                          // repeat
  std::optional<int> most = std::nullopt; // repeat; nullopt: no limit
};

namespace {

using Node = ModulePattern::Node;
using Positions = std::vector<bool>; // size: text length + 1

constexpr size_t max_expression = 4096;
constexpr int max_depth = 64;
constexpr int max_count = 1000;
constexpr int64_t max_steps = 2'000'000; // of one node over one text, a few milliseconds at worst

[[noreturn]] void refuse(const std::string &expression, const std::string &why) {
  const std::string shown = expression.size() > 80 ? expression.substr(0, 80) + "..." : expression;
  throw config_failure("peft.pattern", "The adapter's pattern \"" + shown + "\" " + why + ".",
                       "Write full module names into rank_pattern, alpha_pattern and target_modules.");
}

bool is_word(unsigned char c) { return std::isalnum(c) != 0 || c == '_'; }

class Parser {
public:
  explicit Parser(const std::string &expression) : text_(expression) {}

  Node parse() {
    Node node = alternatives(0);
    if (at_ < text_.size()) refuse(text_, "closes a group that it has not opened");
    return node;
  }

private:
  bool more() const { return at_ < text_.size(); }
  char peek() const { return text_[at_]; }
  bool take(char c) {
    if (!more() || peek() != c) return false;
    ++at_;
    return true;
  }
  char next() {
    if (!more()) refuse(text_, "ends too early");
    return text_[at_++];
  }

  Node alternatives(int depth) {
    if (depth > max_depth) refuse(text_, "is nested too deep");
    Node node;
    node.kind = Node::Kind::alternatives;
    do node.children.push_back(sequence(depth));
    while (take('|'));
    return node;
  }

  Node sequence(int depth) {
    Node node;
    while (more() && peek() != '|' && peek() != ')') node.children.push_back(quantified(depth));
    return node;
  }

  Node quantified(int depth) {
    Node node = atom(depth);
    int least = 0;
    std::optional<int> most;
    if (take('+')) {
      least = 1;
    } else if (take('?')) {
      most = 1;
    } else if (take('{')) {
      least = count();
      if (!take(',')) {
        most = least;
      } else if (more() && peek() != '}') {
        most = count();
      }
      if (!take('}') || (most && *most < least)) refuse(text_, "has a repetition that is not understood");
    } else if (!take('*')) {
      return node;
    }
    if (node.kind == Node::Kind::start || node.kind == Node::Kind::end) refuse(text_, "repeats an anchor");
    take('?'); // lazy
    if (more() && (peek() == '*' || peek() == '+' || peek() == '?' || peek() == '{')) {
      refuse(text_, "repeats a repetition");
    }
    Node repeat;
    repeat.kind = Node::Kind::repeat;
    repeat.least = least;
    repeat.most = most;
    repeat.children.push_back(std::move(node));
    return repeat;
  }

  int count() {
    int value = 0;
    const size_t begin = at_;
    while (more() && peek() >= '0' && peek() <= '9' && value <= max_count) value = value * 10 + (next() - '0');
    if (at_ == begin || value > max_count) refuse(text_, "has a repetition that is not understood");
    return value;
  }

  Node atom(int depth) {
    Node node;
    const char c = next();
    switch (c) {
    case '(':
      if (take('?') && !take(':')) refuse(text_, "uses look-around, flags or named groups");
      node = alternatives(depth + 1);
      if (!take(')')) refuse(text_, "opens a group that it does not close");
      return node;
    case '*':
    case '+':
    case '?':
    case '{': refuse(text_, "repeats nothing");
    case '^': node.kind = Node::Kind::start; return node;
    case '$': node.kind = Node::Kind::end; return node;
    default: break;
    }
    node.kind = Node::Kind::characters;
    if (c == '.') {
      node.characters.set();
    } else if (c == '[') {
      node.characters = character_class();
    } else if (c == '\\' && more() && peek() == 'b') {
      ++at_;
      node.kind = Node::Kind::word_boundary;
    } else if (c == '\\') {
      node.characters = escaped();
    } else {
      node.characters.set(static_cast<unsigned char>(c));
    }
    return node;
  }

  std::bitset<256> escaped() {
    const auto c = static_cast<unsigned char>(next());
    std::bitset<256> set;
    for (int i = 0; i < 128; ++i) {
      if (c == 'd' && std::isdigit(i) != 0) set.set(static_cast<size_t>(i));
      if (c == 'w' && is_word(static_cast<unsigned char>(i))) set.set(static_cast<size_t>(i));
      if (c == 's' && std::isspace(i) != 0) set.set(static_cast<size_t>(i));
    }
    if (set.any()) return set;
    if (is_word(c) || c >= 128) refuse(text_, "has an escape that is not understood");
    return set.set(c);
  }

  std::bitset<256> character_class() {
    std::bitset<256> set;
    const bool negated = take('^');
    for (bool first = true;; first = false) {
      const char c = next();
      if (c == ']' && !first) break;
      std::bitset<256> one;
      if (c == '\\') {
        one = escaped();
      } else {
        one.set(static_cast<unsigned char>(c));
      }
      if (one.count() == 1 && at_ + 1 < text_.size() && peek() == '-' && text_[at_ + 1] != ']') {
        ++at_;
        const auto low = static_cast<unsigned char>(c), high = static_cast<unsigned char>(next());
        if (c == '\\' || high == '\\' || low > high) refuse(text_, "has a range that is not understood");
        for (unsigned i = low; i <= high; ++i) set.set(i);
      }
      set |= one;
    }
    return negated ? ~set : set;
  }

  const std::string &text_;
  size_t at_ = 0;
};

class Matcher {
public:
  Matcher(const std::string &expression, std::string_view text) : expression_(expression), text_(text) {}

  Positions ends(const Node &node, const Positions &begins) {
    if (++steps_ > max_steps / static_cast<int64_t>(text_.size() + 1)) refuse(expression_, "takes too long to match");
    switch (node.kind) {
    case Node::Kind::characters: {
      Positions result(begins.size());
      for (size_t i = 0; i < text_.size(); ++i) {
        result[i + 1] = begins[i] && node.characters[static_cast<unsigned char>(text_[i])];
      }
      return result;
    }
    case Node::Kind::sequence: {
      Positions result = begins;
      for (const Node &child : node.children) result = ends(child, result);
      return result;
    }
    case Node::Kind::alternatives: {
      Positions result(begins.size());
      for (const Node &child : node.children) add(result, ends(child, begins));
      return result;
    }
    case Node::Kind::repeat: return repeated(node, begins);
    case Node::Kind::start: return kept(begins, [](size_t i) { return i == 0; });
    case Node::Kind::end: return kept(begins, [this](size_t i) { return i == text_.size(); });
    case Node::Kind::word_boundary:
      return kept(begins, [this](size_t i) { return word_at(i) != (i > 0 && word_at(i - 1)); });
    }
    return begins;
  }

private:
  bool word_at(size_t i) const { return i < text_.size() && is_word(static_cast<unsigned char>(text_[i])); }

  // Whether anything was new.
  static bool add(Positions &to, const Positions &from) {
    bool grown = false;
    for (size_t i = 0; i < to.size(); ++i) {
      grown = grown || (from[i] && !to[i]);
      to[i] = to[i] || from[i];
    }
    return grown;
  }

  template <class Condition> static Positions kept(Positions positions, const Condition &condition) {
    for (size_t i = 0; i < positions.size(); ++i) positions[i] = positions[i] && condition(i);
    return positions;
  }

  Positions repeated(const Node &node, const Positions &begins) {
    Positions current = begins;
    for (int i = 0; i < node.least; ++i) current = ends(node.children[0], current);
    Positions result = current;
    for (int i = node.least; !node.most || i < *node.most; ++i) {
      current = ends(node.children[0], current);
      if (!add(result, current)) break; // later rounds start from nothing new
    }
    return result;
  }

  const std::string &expression_;
  std::string_view text_;
  int64_t steps_ = 0;
};

} // namespace

ModulePattern::ModulePattern(std::string_view expression) : expression_(expression) {
  if (expression.size() > max_expression) refuse(expression_, "is longer than 4096 characters");
  root_ = std::make_shared<const Node>(Parser(expression_).parse());
}

bool ModulePattern::matches_whole(std::string_view module) const {
  Positions begins(module.size() + 1);
  begins[0] = true;
  return Matcher(expression_, module).ends(*root_, begins).back();
}

bool ModulePattern::matches_end(std::string_view module) const {
  Positions begins(module.size() + 1);
  begins[0] = true;
  for (size_t i = 1; i <= module.size(); ++i) begins[i] = module[i - 1] == '.';
  return Matcher(expression_, module).ends(*root_, begins).back();
}

} // namespace trex

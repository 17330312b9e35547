#include "wire/query_lexer.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace muster::wire {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Letters of other alphabets may stand in the names of tags.
bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// There is no subtraction, so a hyphen belongs to a name.
bool continues_word(char c) {
  return begins_word(c) || is_digit(c) || c == '-';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Octets of UTF-8 that begin a character.
std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

}  // namespace

bool QueryToken::is_word(std::string_view keyword) const {
  return kind == Kind::kWord && equals_nocase(source, keyword);
}

QueryToken QueryLexer::next() {
  while (position_ < text_.size() && is_blank(text_[position_])) {
    ++position_;
    ++column_;
  }
  if (position_ >= text_.size()) return take(QueryToken::Kind::kEnd, 0);
  const char first = text_[position_];
  const bool signed_number = first == '-' && position_ + 1 < text_.size() && is_digit(text_[position_ + 1]);
  if (begins_word(first)) return word();
  if (is_digit(first) || signed_number) return number();
  if (first == '\'' || first == '"' || first == '`') return quoted();
  return symbol();
}

QueryToken QueryLexer::take(QueryToken::Kind kind, std::size_t size) {
  QueryToken token{.kind = kind, .source = text_.substr(position_, size), .column = column_};
  position_ += size;
  column_ += characters(token.source);
  return token;
}

QueryToken QueryLexer::fault(std::size_t size, std::string_view why) {
  QueryToken token = take(QueryToken::Kind::kFault, size);
  token.why = why;
  position_ = text_.size();
  return token;
}

QueryToken QueryLexer::word() {
  std::size_t size = 1;
  while (position_ + size < text_.size() && continues_word(text_[position_ + size])) ++size;
  return take(QueryToken::Kind::kWord, size);
}

QueryToken QueryLexer::number() {
  const std::string_view rest = text_.substr(position_);
  const char* begin = rest.data();
  const char* end = begin + rest.size();
  std::int64_t whole = 0;
  const auto as_whole = std::from_chars(begin, end, whole);
  double real = 0;
  const auto as_real = std::from_chars(begin, end, real);
  const auto size = static_cast<std::size_t>(as_real.ptr - begin);
  if (as_real.ec != std::errc()) return fault(size, "a number out of range");
  if (size < rest.size() && continues_word(rest[size])) return fault(size + 1, "no number");

  QueryToken token = take(QueryToken::Kind::kValue, size);
  if (as_whole.ec == std::errc() && as_whole.ptr == as_real.ptr) {
    token.value = whole;
  } else {
    token.value = real;
  }
  return token;
}

/// The quote itself is written doubled or behind a backslash; a backslash likewise.
QueryToken QueryLexer::quoted() {
  const std::string_view rest = text_.substr(position_);
  const char quote = rest.front();
  std::string out;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    const char c = rest[i];
    const char after = i + 1 < rest.size() ? rest[i + 1] : '\0';
    if (c == quote && after != quote) {
      QueryToken token = take(QueryToken::Kind::kValue, i + 1);
      token.value = std::move(out);
      return token;
    }
    if (c == quote) {
      ++i;
    } else if (c == '\\') {
      if (after != '\\' && after != '\'' && after != '"' && after != '`') {
        take(QueryToken::Kind::kFault, i);
        return fault(1, "an escape other than \\\\ and \\ before a quote");
      }
      ++i;
    }
    out.push_back(rest[i]);
  }
  return fault(rest.size(), "a text without its closing quote");
}

QueryToken QueryLexer::symbol() {
  constexpr std::array<std::string_view, 4> kPairs{"!=", "<>", "<=", ">="};
  constexpr std::string_view kSingles = "()[],.*=<>";
  for (const std::string_view pair : kPairs) {
    if (text_.substr(position_).starts_with(pair)) return take(QueryToken::Kind::kSymbol, pair.size());
  }
  if (kSingles.find(text_[position_]) == std::string_view::npos) return fault(1, "a character without meaning here");
  return take(QueryToken::Kind::kSymbol, 1);
}

}  // namespace muster::wire

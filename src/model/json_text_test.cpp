#include "model/json_text.h"

#include <limits>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace muster::model {
namespace {

std::string written(const boost::json::value& value) {
  std::string out;
  append_value(out, value);
  return out;
}

TEST(JsonText, EveryOctetOfATextComesBack) {
  std::string all;
  for (int octet = 0; octet < 0x80; ++octet) all.push_back(static_cast<char>(octet));
  all += "\xc3\xa9\xe2\x82\xac";
  for (const std::string& text : {all, std::string(), std::string("plain"), std::string("\"\"\\\\\n\n")}) {
    std::string out;
    append_json(out, text);
    EXPECT_EQ(boost::json::parse(out), boost::json::value(text)) << out;
  }
}

TEST(JsonText, EscapesWhatHasToBe) {  // RFC 8259 section 7
  std::string out;
  append_json(out, std::string_view("a\"b\\c\nd\x01\x1f\x7f/", 11));
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\u000ad\\u0001\\u001f\x7f/\"");
}

TEST(JsonText, ValuesAreWrittenAsTheLibraryDoes) {
  for (const char* text : {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808",
                           "18446744073709551615", "2.15E1", "-1E-300", R"("")", R"("text")", "[]", "{}", "[[],{},[1]]",
                           R"({"a":1,"b":[null,true,{"c":"d"}],"":{"e":-2E0}})", R"({"a\"b":"c\\d"})"}) {
    const auto value = boost::json::parse(text);
    EXPECT_EQ(written(value), boost::json::serialize(value));
  }
}

TEST(JsonText, MembersAndElementsAreSeparated) {
  const std::string text = object_text([](ObjectText& out) {
    out.put("text", std::string("x"));
    out.put("view", std::string_view("y"));
    out.put("number", 5);
    out.put("least", std::numeric_limits<std::int64_t>::min());
    out.put("flag", true);
    out.put("other", false);
    out.put_unless_empty("nothing", "");
    out.put_unless_empty("something", "z");
    {
      ArrayText list(out.member("list"));
      append_json(list.element(), "first");
      const ArrayText second(list.element());
    }
    const ObjectText object(out.member("object"));
  });
  EXPECT_EQ(text, R"({"text":"x","view":"y","number":5,"least":-9223372036854775808,"flag":true,"other":false,)"
                  R"("something":"z","list":["first",[]],"object":{}})");
  EXPECT_EQ(object_text([](ObjectText&) {}), "{}");
}

}  // namespace
}  // namespace muster::model

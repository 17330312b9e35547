#include "wire/amqp/value.h"

#include <gtest/gtest.h>

namespace muster::wire::amqp {
namespace {

Bytes octets(std::string_view hex) {
  return from_hex(hex).value();
}

/// Whether one value of these octets is well-formed to its innermost one.
bool is_sound(std::string_view hex, Complexity limits = {}) {
  const Bytes bytes = octets(hex);
  const auto value = Reader(bytes).next();
  return value && check_value(*value, limits);
}

TEST(AmqpValue, PlainOnesAreRead) {
  const Bytes bytes = octets(
      "40"
      "43"
      "5244"
      "5005"
      "8000000000000001ff"
      "6f");
  Reader reader(bytes);
  EXPECT_TRUE(reader.next()->is_null());
  EXPECT_EQ(as_unsigned(*reader.next()), 0U);
  EXPECT_EQ(as_unsigned(*reader.next()), 0x44U);
  EXPECT_EQ(as_unsigned(*reader.next()), 5U);
  EXPECT_EQ(as_unsigned(*reader.next()), 0x1ffU);
  EXPECT_FALSE(reader.next()) << "6f is no format code";
}

TEST(AmqpValue, TextsFlagsAndOctetsAreTold) {
  const Bytes bytes = octets(
      "a10161"
      "a30162"
      "b10000000163"
      "5601"
      "41"
      "42"
      "a0020001");
  Reader reader(bytes);
  EXPECT_EQ(as_string(*reader.next()), "a");
  EXPECT_EQ(as_string(*reader.next()), "b");
  EXPECT_EQ(as_string(*reader.next()), "c");
  EXPECT_EQ(as_bool(*reader.next()), true);
  EXPECT_EQ(as_bool(*reader.next()), true);
  EXPECT_EQ(as_bool(*reader.next()), false);
  const auto binary = reader.next();
  EXPECT_EQ(as_binary(*binary)->size(), 2U);
  EXPECT_FALSE(as_string(*binary));
  EXPECT_FALSE(as_bool(*binary));
  EXPECT_FALSE(as_unsigned(*binary));
  EXPECT_TRUE(reader.at_end());
}

TEST(AmqpValue, DescribedListsAreTakenApart) {
  const Bytes bytes = octets(
      "005310"
      "c00502a1016141");
  const auto value = Reader(bytes).next();
  ASSERT_TRUE(value);
  EXPECT_TRUE(value->described);
  EXPECT_EQ(value->descriptor, 0x10U);
  EXPECT_EQ(value->encoded.size(), bytes.size());
  const auto items = read_items(*value);
  ASSERT_TRUE(items);
  EXPECT_EQ(as_string(items->at(0)), "a");
  EXPECT_EQ(as_bool(items->at(1)), true);
}

TEST(AmqpValue, ItemsMustFillTheirList) {
  EXPECT_TRUE(is_sound("c0050241a10161"));
  EXPECT_FALSE(is_sound("c0050341a10161"));
  EXPECT_FALSE(is_sound("c0050141a10161"));
  EXPECT_TRUE(is_sound("45"));
  EXPECT_TRUE(
      is_sound("d000000005000000"
               "0141"));
  EXPECT_FALSE(is_sound("c1020141")) << "a map of one";
}

TEST(AmqpValue, OctetsThatEndEarlyAreRefused) {
  const std::string whole =
      "005310"
      "c00502"
      "41a10161";
  for (std::size_t size = 0; size < whole.size(); size += 2) {
    const Bytes bytes = octets(whole.substr(0, size));
    EXPECT_FALSE(Reader(bytes).next()) << size;
  }
}

TEST(AmqpValue, ArraysAreAsLongAsTheySay) {
  EXPECT_TRUE(is_sound("e00602a301610162"));
  EXPECT_FALSE(is_sound("e00603a301610162"));
  EXPECT_FALSE(is_sound("e00101")) << "no constructor";
  EXPECT_TRUE(is_sound("e0020341")) << "three times true, of no width";
  EXPECT_FALSE(is_sound("f000000005ffffffff41")) << "four thousand million times true";
  EXPECT_TRUE(
      is_sound("e007"
               "02"
               "00531d"
               "50"
               "0102"))
      << "of a described type";
}

TEST(AmqpValue, NestingIsLimited) {
  std::string value = "45";
  for (int i = 0; i < 8; ++i) {
    const std::size_t size = value.size() / 2 + 1;
    value = "c0" + hex_lower(Bytes{static_cast<std::uint8_t>(size)}) + "01" + value;
  }
  EXPECT_TRUE(is_sound(value));
  EXPECT_FALSE(is_sound("c0" + hex_lower(Bytes{static_cast<std::uint8_t>(value.size() / 2 + 1)}) + "01" + value));
}

TEST(AmqpValue, NumbersOfValuesAreLimited) {
  EXPECT_TRUE(is_sound("c00403404040", {.depth = 8, .values = 4}));
  EXPECT_FALSE(is_sound("c00403404040", {.depth = 8, .values = 3}));
  EXPECT_FALSE(is_sound("e0020841", {.depth = 8, .values = 8}));
}

}  // namespace
}  // namespace muster::wire::amqp

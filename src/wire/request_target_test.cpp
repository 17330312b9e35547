#include "wire/request_target.h"

#include <gmock/gmock.h>

namespace muster::wire {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(RequestTarget, IsTakenApartAndDecodedOnce) {
  const auto target = parse_request_target("/enrollments/a%3ab%252f?api-version=2021-10-01&x=a%26b&y&z=1=2");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("enrollments", "a:b%2f"));
  EXPECT_THAT(target->query,
              ElementsAre(Pair("api-version", "2021-10-01"), Pair("x", "a&b"), Pair("y", ""), Pair("z", "1=2")));
}

struct PathCase {
  std::string_view text;
  std::vector<std::string> segments;
};

class GoodPath : public testing::TestWithParam<PathCase> {};

TEST_P(GoodPath, IsSplit) {
  const auto target = parse_request_target(GetParam().text);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, GetParam().segments);
}

// Clients post to "/enrollments/", and '+' in a path is a plus (service-api.md 0).
INSTANTIATE_TEST_SUITE_P(
    Targets, GoodPath,
    testing::Values(PathCase{"/", {}}, PathCase{"/?", {}}, PathCase{"/a", {"a"}}, PathCase{"/a/", {"a"}},
                    PathCase{"/enrollments/?api-version=1", {"enrollments"}}, PathCase{"/a+b/c%2Fd", {"a+b", "c/d"}},
                    PathCase{"/$iothub/websocket", {"$iothub", "websocket"}}, PathCase{"/a%3F%23", {"a?#"}}));

TEST(RequestTarget, GivesTheFirstValueOfAParameter) {
  const auto target = parse_request_target("/?a=1&A=2&a=3&&");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->parameter("a"), "1");
  EXPECT_EQ(target->parameter("A"), "2");
  EXPECT_EQ(target->parameter("b"), std::nullopt);
}

std::string repeated(std::string_view part, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += part;
  return out;
}

TEST(RequestTarget, HasAtMost32SegmentsAnd64Parameters) {
  EXPECT_TRUE(parse_request_target(repeated("/s", 32)));
  EXPECT_FALSE(parse_request_target(repeated("/s", 33)));
  EXPECT_TRUE(parse_request_target("/?" + repeated("p&", 64)));
  EXPECT_FALSE(parse_request_target("/?" + repeated("p&", 65)));
}

class BadTarget : public testing::TestWithParam<std::string_view> {};

TEST_P(BadTarget, IsRefused) {
  const auto target = parse_request_target(GetParam());
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Targets, BadTarget,
                         testing::Values("", "*", "a", "http://host/a", "host:443", "?a=1", "//", "//a", "/a//b",
                                         "/a//", "/a%", "/a%2", "/a%zz", "/a%00", "/a%0a", "/a%7F", "/a\nb"sv,
                                         "/a\0b"sv, "/a b", "/a#b", "/?x=%", "/?%=x", "/?x=%0D%0A", "/?x=\r\n"));

TEST(ApiVersion, IsADateWithOrWithoutPreview) {  // device-api.md 3.2
  for (std::string_view good : {"2019-03-31", "2021-11-01-preview"})
    EXPECT_TRUE(is_plausible_api_version(good)) << good;
  for (std::string_view bad : {"", "2019", "2019-03-3", "2019-03-311", "2019-03-31-beta", "2019-03-31-preview2",
                               "2019/03/31", "a019-03-31", "2019-03-31-Preview", " 2019-03-31", "2019-03-31&x"}) {
    EXPECT_FALSE(is_plausible_api_version(bad)) << bad;
  }
}

}  // namespace
}  // namespace muster::wire

#include "muster/access_policy.h"

#include <gmock/gmock.h>

#include "base/bytes.h"
#include "model/json.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;

boost::json::array stored() {
  return model::parse_json(R"([
    {"keyName":"owner","primaryKey":"b3duZXI=","secondaryKey":"b3duZXIy","rights":"ServiceConfig"},
    {"keyName":"reader","primaryKey":"cmVhZGVy","secondaryKey":"cmVhZGVyMg==","rights":"EnrollmentRead"}])")
      .value()
      .as_array();
}

boost::json::object given(const PolicyOptions& options) {
  SequenceRandom random;
  return given_policy(options, random).value();
}

TEST(AccessPolicy, StoredKeysAreNotSentBack) {
  for (const auto& policies : {with_policy(stored(), given({.name = "new", .rights = {"EnrollmentRead"}})),
                               with_changed_policy(stored(), given({.name = "reader", .rights = {"EnrollmentWrite"}})),
                               without_policy(stored(), "reader")}) {
    ASSERT_TRUE(policies);
    const std::string text = boost::json::serialize(*policies);
    EXPECT_THAT(text, Not(HasSubstr("Key\":"))) << "the service keeps what it is not given";
    EXPECT_THAT(text, HasSubstr(R"("keyName":"owner","rights":"ServiceConfig")"));
  }
}

TEST(AccessPolicy, OnlyWhatIsGivenChanges) {
  const auto policies = with_changed_policy(stored(), given({.name = "reader", .primary_key = "bmV3"})).value();
  EXPECT_EQ(policies.at(1),
            model::parse_json(R"({"keyName":"reader","rights":"EnrollmentRead","primaryKey":"bmV3"})").value());
}

TEST(AccessPolicy, RightsAreWrittenAsTheServiceWritesThem) {
  EXPECT_EQ(given({.name = "p", .rights = {"enrollmentread", "SERVICECONFIG"}}).at("rights"),
            "ServiceConfig, EnrollmentRead");
  SequenceRandom random;
  EXPECT_THAT(given_policy({.name = "p", .rights = {"Fly"}}, random).error().message, HasSubstr("'Fly'"));
}

TEST(AccessPolicy, ANewKeyIsRandomAndLong) {
  SequenceRandom random;
  const auto first = given_policy({.name = "p", .regenerate = "secondary"}, random).value();
  const auto second = given_policy({.name = "p", .regenerate = "secondary"}, random).value();
  EXPECT_EQ(from_base64(std::string(first.at("secondaryKey").as_string())).value().size(), 64U);
  EXPECT_NE(first, second);
  EXPECT_FALSE(first.contains("primaryKey"));
  EXPECT_FALSE(given_policy({.name = "p", .primary_key = "a2V5", .regenerate = "primary"}, random));
}

TEST(AccessPolicy, NamesAreFoundAsTheyAreSpelt) {
  EXPECT_TRUE(find_policy(stored(), "reader"));
  EXPECT_EQ(find_policy(stored(), "Reader").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(without_policy(stored(), "x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(with_changed_policy(stored(), given({.name = "x", .rights = {"EnrollmentRead"}})).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(with_policy(stored(), given({.name = "owner"})).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace muster::cli

#include "muster/profiles.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "muster/connection.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kPlant = "HostName=plant.example.net;SharedAccessKeyName=owner;SharedAccessKey=AAECAwQFBgc=";
constexpr const char* kLab = "HostName=lab.example.net;SharedAccessKeyName=reader;SharedAccessKey=AAECAwQFBgc=";

class ProfilesTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "muster" / "profiles.toml"; }
  [[nodiscard]] Environment environment(std::map<std::string, std::string> more = {}) const {
    more["XDG_CONFIG_HOME"] = folder_.path().string();
    return [more](const std::string& name) -> std::optional<std::string> {
      const auto found = more.find(name);
      if (found == more.end()) return std::nullopt;
      return found->second;
    };
  }
  void write(const std::string& text) const {
    std::filesystem::create_directories(file().parent_path());
    std::ofstream(file()) << text;
  }
  void write_two() const {
    ASSERT_TRUE(
        write_profiles(file(), {{{"plant", {kPlant, "/ca.pem", "10.0.0.1"}}, {"lab", {kLab, "", ""}}}, "plant"}));
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(ProfilesTest, ComeBackAsTheyWereWrittenAndOnlyForTheirOwner) {
  const Profiles profiles{{{"plant", {kPlant, "/a \"quoted\" ca.pem", ""}}, {"lab.2", {kLab, "", "[::1]:8443"}}},
                          "lab.2"};
  ASSERT_TRUE(write_profiles(file(), profiles));
  EXPECT_EQ(read_profiles(file()).value(), profiles);
  EXPECT_EQ(exposed(file()), std::nullopt);
  std::filesystem::permissions(file(), std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  EXPECT_THAT(exposed(file()).value_or(""), HasSubstr("chmod 600"));
}

TEST_F(ProfilesTest, NoFileIsNoProfiles) {
  EXPECT_EQ(read_profiles(file()).value(), Profiles());
}

TEST_F(ProfilesTest, ABrokenFileIsNamedAndNotShown) {
  for (const char* text : {"connection_string = c2VjcmV0", "[profile.a]\nconnection_string = 5\n", "profile = 7\n[",
                           "[profile]\na = 'c2VjcmV0'\n"}) {
    write(text);
    const auto read = read_profiles(file());
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr("profiles.toml"));
    EXPECT_THAT(read.error().message, Not(HasSubstr("c2VjcmV0")));
  }
}

TEST_F(ProfilesTest, AServiceIsFoundByFlagVariableOrCurrentProfile) {
  write_two();
  ConnectionOptions by_flag;
  by_flag.profile = "lab";
  EXPECT_EQ(find_service(by_flag, environment()).value().connection.host_name, "lab.example.net");
  EXPECT_EQ(find_service({}, environment({{"MUSTER_PROFILE", "lab"}})).value().connection.host_name, "lab.example.net");
  const auto current = find_service({}, environment()).value();
  EXPECT_EQ(current.connection.host_name, "plant.example.net");
  EXPECT_EQ(current.http.ca_file, "/ca.pem");
  EXPECT_EQ(current.http.connect_to, "10.0.0.1");
}

TEST_F(ProfilesTest, WhatIsSaidAloudWinsOverProfiles) {
  write_two();
  EXPECT_EQ(find_service({}, environment({{"MUSTER_CONNECTION_STRING", kLab}})).value().connection.host_name,
            "lab.example.net");
  ConnectionOptions options;
  options.ca_file = "other.pem";
  EXPECT_EQ(find_service(options, environment()).value().http.ca_file, "other.pem");
  options.profile = "plant";
  EXPECT_EQ(find_service(options, environment({{"MUSTER_CONNECTION_STRING", kLab}})).value().connection.host_name,
            "plant.example.net");
  options.connection_string = kLab;
  EXPECT_THAT(find_service(options, environment()).error().message, HasSubstr("only one of"));
}

TEST_F(ProfilesTest, AnUnknownProfileIsAnError) {
  write_two();
  ConnectionOptions options;
  options.profile = "elsewhere";
  EXPECT_THAT(find_service(options, environment()).error().message, HasSubstr("no profile elsewhere"));
  EXPECT_THAT(find_service({}, [](const std::string&) { return std::nullopt; }).error().message,
              HasSubstr("Which service?"));
}

TEST_F(ProfilesTest, NamesAreChecked) {
  for (const char* good : {"plant", "Line-7_b.2"}) EXPECT_TRUE(check_profile_name(good)) << good;
  for (const char* bad : {"", "a b", "a/b", "a\n"}) EXPECT_FALSE(check_profile_name(bad)) << bad;
}

}  // namespace
}  // namespace muster::cli

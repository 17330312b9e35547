#include "muster/connection.h"

#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text_for(const std::string& host) {
  return "HostName=" + host + ";SharedAccessKeyName=owner;SharedAccessKey=AAECAwQFBgcICQoLDA0ODw==";
}

/// A file in the test's folder, gone afterwards.
class TemporaryFile {
 public:
  TemporaryFile(std::string name, const std::string& text) : path_(testing::TempDir() + std::move(name)) {
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Environment environment_of(std::string text, std::string path) {
  return [text, path](const std::string& name) -> std::optional<std::string> {
    if (name == "MUSTER_CONNECTION_STRING" && !text.empty()) return text;
    if (name == "MUSTER_CONNECTION_STRING_FILE" && !path.empty()) return path;
    if (name == "MUSTER_CA") return "env-ca.pem";
    return std::nullopt;
  };
}

TEST(ConnectionString, TheFirstOfFlagFileFlagVariableAndFileVariableWins) {
  const TemporaryFile flag_file("cli_flag_file", text_for("b.example.net") + "\n");
  const TemporaryFile variable_file("cli_variable_file", text_for("d.example.net"));
  struct Case {
    ConnectionOptions options;
    Environment environment;
    const char* host;
  };
  const auto both = environment_of(text_for("c.example.net"), variable_file.path());
  ConnectionOptions by_text;
  by_text.connection_string = text_for("a.example.net");
  ConnectionOptions by_file;
  by_file.connection_string_file = flag_file.path();
  const Case cases[] = {{by_text, both, "a.example.net"},
                        {by_file, both, "b.example.net"},
                        {{}, both, "c.example.net"},
                        {{}, environment_of("", variable_file.path()), "d.example.net"}};
  for (const auto& [options, environment, host] : cases) {
    const auto found = find_service(options, environment);
    ASSERT_TRUE(found) << host << ": " << found.error().message;
    EXPECT_EQ(found->connection.host_name, host);
  }
}

TEST(ConnectionString, NoneAndTwoFlagsAreRefused) {
  EXPECT_THAT(find_service({}, environment_of("", "")).error().message, HasSubstr("--connection-string"));
  ConnectionOptions two;
  two.connection_string = text_for("a.example.net");
  two.connection_string_file = "file";
  EXPECT_THAT(find_service(two, environment_of("", "")).error().message, HasSubstr("only one of"));
}

TEST(ConnectionString, AnUnreadableFileIsNamed) {
  ConnectionOptions options;
  options.connection_string_file = "/nonexistent/connection";
  const auto found = find_service(options, environment_of("", ""));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("/nonexistent/connection"));
}

TEST(ConnectionString, AMalformedOneIsRefusedWithoutShowingAnyOfIt) {
  for (const char* text :
       {"nonsense-c2VjcmV0", "HostName=h.example.net;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0!!",
        "HostName=h.example.net;c2VjcmV0=x;SharedAccessKeyName=n;SharedAccessKey=AAAA", "SharedAccessKey=c2VjcmV0"}) {
    const auto found = find_service({}, environment_of(text, ""));
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(found.error().message, HasSubstr("MUSTER_CONNECTION_STRING"));
    EXPECT_THAT(found.error().message + found.error().detail, Not(HasSubstr("c2VjcmV0")));
  }
}

TEST(HttpOptions, FlagsWinOverTheEnvironment) {
  ConnectionOptions options;
  options.connect_to = "127.0.0.1:8443";
  EXPECT_EQ(http_options(options, environment_of("", "")).ca_file, "env-ca.pem");
  EXPECT_EQ(http_options(options, environment_of("", "")).connect_to, "127.0.0.1:8443");
  options.ca_file = "flag-ca.pem";
  EXPECT_EQ(http_options(options, environment_of("", "")).ca_file, "flag-ca.pem");
}

}  // namespace
}  // namespace muster::cli

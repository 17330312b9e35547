#include "provisioning/cause.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace muster::provisioning {
namespace {

constexpr std::string_view kIntroduction =
    "# Why a device was refused\n"
    "\n"
    "Every cause that is told apart, what the device gets to see of it, and what `muster explain` says and advises. "
    "The\n"
    "device learns as little as the protocol allows; the operator learns everything, by tracking id (in every answer "
    "as\n"
    "`x-ms-request-id`), registration id or certificate thumbprint:\n"
    "\n"
    "```\n"
    "muster explain --failed                what did not get through lately\n"
    "muster explain pump-0042               the last tries of a device, with every check\n"
    "muster explain --chain device.pem      what would happen if a device with this certificate registered now\n"
    "```\n"
    "\n"
    "`similar-id-enrolled` and `enrollment-deleted` stand beside another cause: they are hints. How much is kept is "
    "set by\n"
    "`[attempts]` in the configuration. This page is made of the program's own table (`src/provisioning/cause.cpp`).\n"
    "\n"
    "| cause | the device sees | what is the matter | what to do |\n"
    "|---|---|---|---|\n";

std::string page() {
  std::string out(kIntroduction);
  for (const CauseText& text : cause_texts()) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", text.name, text.sees, text.summary, text.advice);
  }
  return out;
}

TEST(Causes, AreDocumented) {
  const std::filesystem::path file = std::filesystem::path(MUSTER_SOURCE_DIR) / "docs" / "refusals.md";
  if (std::getenv("MUSTER_UPDATE_DOCS") != nullptr) std::ofstream(file) << page();
  std::stringstream written;
  written << std::ifstream(file).rdbuf();
  EXPECT_EQ(written.str(), page()) << "run this test with MUSTER_UPDATE_DOCS=1 to write the page anew";
}

TEST(Causes, HaveNamesOfTheirOwnAndFullSentences) {
  std::set<std::string_view> names;
  for (const CauseText& text : cause_texts()) {
    EXPECT_TRUE(names.insert(text.name).second) << text.name;
    EXPECT_EQ(find_cause(text.name), &text);
    EXPECT_EQ(to_string(text.cause), text.name);
    EXPECT_TRUE(text.summary.ends_with('.')) << text.name;
    EXPECT_TRUE(text.advice.ends_with('.')) << text.name;
    EXPECT_FALSE(text.sees.empty()) << text.name;
  }
  EXPECT_GE(names.size(), 40U);
  EXPECT_EQ(find_cause("nothing-of-the-kind"), nullptr);
}

}  // namespace
}  // namespace muster::provisioning

#include "muster/import_state.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;

const ImportState kState{.task = "enrollment csv createOrUpdate dps.example.net",
                         .file_size = 1'000'000'000'000,
                         .file_modified = -5,
                         .done = {.offset = 786'432, .line = 5001},
                         .totals = {.created = 4990, .updated = 1, .unchanged = 2, .failed = 7}};

TEST(ImportState, IsReadAsItWasWritten) {
  const TemporaryFolder folder;
  const auto path = state_path(folder.path() / "devices.csv");
  EXPECT_EQ(path.filename(), "devices.csv.import-state");
  EXPECT_EQ(read_state(path).value(), std::nullopt);
  ASSERT_TRUE(write_state(path, kState));
  EXPECT_EQ(read_state(path).value(), kState);
}

TEST(ImportState, WhatIsNoStateIsRefused) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "state";
  for (
      const char* text :
      {"", "{", "[]", "{}",
       R"({"task":"t","fileSize":-1,"fileModified":1,"offset":1,"line":1,"created":0,"updated":0,)"
       R"("unchanged":0,"failed":0})",
       R"({"task":7,"fileSize":1,"fileModified":1,"offset":1,"line":1,"created":0,"updated":0,"unchanged":0,"failed":0})"}) {
    ASSERT_TRUE(muster::write_file(path, text, FileAccess::kOwner));
    const auto state = read_state(path);
    ASSERT_FALSE(state) << text;
    EXPECT_THAT(state.error().message, HasSubstr("without --resume")) << text;
  }
}

TEST(ImportState, OnlyTheSameImportOfTheSameFileGoesOn) {
  ImportState now = kState;
  now.done = {};
  now.totals = {};
  EXPECT_TRUE(check_resumable(kState, now));
  ImportState other = now;
  other.task = "group csv createOrUpdate dps.example.net";
  EXPECT_THAT(check_resumable(kState, other).error().message, HasSubstr("another one"));
  other = now;
  ++other.file_size;
  EXPECT_THAT(check_resumable(kState, other).error().message, HasSubstr("has changed"));
  other = now;
  ++other.file_modified;
  EXPECT_FALSE(check_resumable(kState, other));
}

TEST(ImportState, DescribesFilesOnly) {
  const TemporaryFolder folder;
  EXPECT_FALSE(describe_file(folder.path()));
  EXPECT_FALSE(describe_file(folder.path() / "absent"));
  ASSERT_TRUE(muster::write_file(folder.path() / "devices", "12345", FileAccess::kOwner));
  const auto state = describe_file(folder.path() / "devices");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->file_size, 5U);
  EXPECT_EQ(state->done, ImportPosition());
}

}  // namespace
}  // namespace muster::cli

#include "server/bootstrap/data_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace muster::server {
namespace {

TEST(DataFolder, IsMadeForItsOwnerOnly) {
  const TemporaryFolder root;
  const auto folder = DataFolder::open(root.path() / "a" / "data");
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(std::filesystem::status(root.path() / "a" / "data").permissions(), std::filesystem::perms::owner_all);
  EXPECT_TRUE(std::filesystem::is_directory(folder->tls()));
}

TEST(DataFolder, TakesOneProcessAtATime) {
  const TemporaryFolder root;
  {
    const auto first = DataFolder::open(root.path());
    ASSERT_TRUE(first);
    const auto second = DataFolder::open(root.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_THAT(second.error().message, ::testing::HasSubstr("in use"));
  }
  EXPECT_TRUE(DataFolder::open(root.path()));
}

TEST(DataFolder, AFileInItsPlaceIsRefused) {
  const TemporaryFolder root;
  ASSERT_TRUE(write_file(root.path() / "file", "x", FileAccess::kOwner));
  const auto folder = DataFolder::open(root.path() / "file");
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, ::testing::HasSubstr("not a folder"));
}

}  // namespace
}  // namespace muster::server

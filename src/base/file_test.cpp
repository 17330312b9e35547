#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temporary_folder.h"

namespace muster {
namespace {

class File : public ::testing::Test {
 protected:
  [[nodiscard]] mode_t mode(const std::filesystem::path& path) const {
    struct stat facts{};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777U : 0U;
  }

  TemporaryFolder root_;
  std::filesystem::path folder_ = root_.path();
};

TEST_F(File, WhatIsWrittenIsRead) {
  const std::string content("a\0b\nc", 5);
  ASSERT_TRUE(write_file(folder_ / "f", content, FileAccess::kEveryone));
  EXPECT_EQ(read_file(folder_ / "f", 5).value(), content);
  EXPECT_EQ(mode(folder_ / "f"), 0644U);
}

TEST_F(File, ReplacingLeavesOneFileAndItsOwnMode) {
  ASSERT_TRUE(write_file(folder_ / "f", "old and longer", FileAccess::kEveryone));
  ASSERT_TRUE(write_file(folder_ / "f", "new", FileAccess::kOwner));
  EXPECT_EQ(read_file(folder_ / "f", 100).value(), "new");
  EXPECT_EQ(mode(folder_ / "f"), 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(File, FailuresNameThePath) {
  EXPECT_EQ(read_file(folder_ / "missing", 10).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_file(folder_, 10).error().code, ErrorCode::kInternal);
  ASSERT_TRUE(write_file(folder_ / "f", "12345678901", FileAccess::kOwner));
  const auto large = read_file(folder_ / "f", 10);
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(large.error().message, ::testing::HasSubstr((folder_ / "f").string()));
  EXPECT_FALSE(write_file(folder_ / "missing" / "f", "x", FileAccess::kOwner));
}

}  // namespace
}  // namespace muster

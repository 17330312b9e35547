#include "server/access_log/line_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/temporary_folder.h"

namespace muster::server {
namespace {

class LineFileTest : public testing::Test {
 protected:
  LineFileTest() { configure_log(LogLevel::kError, LogFormat::kText); }
  std::unique_ptr<LineFile> open(std::size_t most_held = LineFile::kMostHeld) {
    auto file = LineFile::open(path_, most_held);
    EXPECT_TRUE(file) << file.error().message;
    return std::move(*file);
  }
  [[nodiscard]] static std::string content(const std::filesystem::path& path) {
    return read_file(path, std::size_t{1} << 20U).value_or("");
  }
  /// Waits for what the file's thread is about to do.
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::yield();
    }
    return false;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "access.log";
};

TEST_F(LineFileTest, WritesEverythingBeforeItGoes) {
  std::string expected;
  {
    const auto file = open();
    for (int i = 0; i < 10'000; ++i) {
      file->append(std::to_string(i));
      expected += std::to_string(i) + "\n";
    }
  }
  EXPECT_EQ(content(path_), expected);
  struct stat facts{};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777 & ~0640, 0U);
}

TEST_F(LineFileTest, GoesOnInANewFileAfterARotation) {
  const auto file = open();
  file->append("before");
  ASSERT_TRUE(eventually([&] { return file->written() == 1; }));
  const auto rotated = folder_.path() / "access.log.1";
  std::filesystem::rename(path_, rotated);
  file->append("to the old file");
  ASSERT_TRUE(eventually([&] { return file->written() == 2; }));
  file->reopen();
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path_); }));
  file->append("after");
  ASSERT_TRUE(eventually([&] { return file->written() == 3; }));
  EXPECT_EQ(content(rotated), "before\nto the old file\n");
  EXPECT_EQ(content(path_), "after\n");
}

TEST_F(LineFileTest, KeepsTheOldFileWhenTheNewOneCannotBeOpened) {
  {
    const auto file = open();
    std::filesystem::rename(path_, folder_.path() / "kept");
    std::filesystem::create_directory(path_);
    file->reopen();
    file->append("still here");
  }
  EXPECT_EQ(content(folder_.path() / "kept"), "still here\n");
}

TEST_F(LineFileTest, DropsAndCountsWhatItCannotHold) {
  const auto file = open(10);
  file->append("longer than ten octets");
  EXPECT_EQ(file->dropped(), 1U);
  file->append("short");
  EXPECT_TRUE(eventually([&] { return file->written() == 1; }));
  EXPECT_EQ(content(path_), "short\n");
}

TEST_F(LineFileTest, DropsAndCountsWhatAFullDiskRefuses) {
  path_ = "/dev/full";
  const auto file = open();
  file->append("lost");
  EXPECT_TRUE(eventually([&] { return file->dropped() == 1; }));
  file->append("lost too");
  EXPECT_TRUE(eventually([&] { return file->dropped() == 2; }));
  EXPECT_EQ(file->written(), 0U);
}

TEST_F(LineFileTest, SaysWhyItCannotBeOpened) {
  const auto file = LineFile::open(folder_.path() / "no" / "such" / "folder");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, testing::EndsWith("cannot be opened for writing: No such file or directory"));
}

}  // namespace
}  // namespace muster::server

#include "store/sqlite/backup.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store_fixture.h"

namespace muster::store {
namespace {

class BackupTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = open_sqlite_store({.path = folder_.database()}, test_sealer()).value();
    ASSERT_TRUE(wait_for(store_->create_instance(make_config(kInstance, "plant-dps"))));
  }
  Result<void> copy() {
    return copy_database(folder_.database(), copy_, [](std::uint64_t, std::uint64_t) {});
  }
  void put(const std::string& id) { ASSERT_TRUE(put_enrollment(*store_, individual(id, keys("p", "s")))); }
  static std::size_t count(const std::filesystem::path& database) {
    const auto store = open_sqlite_store({.path = database}, test_sealer());
    if (!store) return 0;
    const auto page = wait_for((*store)->list_enrollments(kInstance, EnrollmentKind::kIndividual, "", 10'000));
    return page ? page->items.size() : 0;
  }

  DatabaseFolder folder_;
  std::filesystem::path copy_ = folder_.path() / "copy.db";
  std::unique_ptr<Store> store_;
};

TEST_F(BackupTest, CopiesADatabaseThatIsInUse) {
  for (int i = 0; i < 50; ++i) put("unit-" + std::to_string(i));
  ASSERT_TRUE(copy());
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(copy_).permissions(), perms::owner_read | perms::owner_write);
  EXPECT_EQ(examine_database(copy_).value(), known_schema_version());
  EXPECT_TRUE(examine_master_key(copy_, *test_sealer()));
  put("later");
  EXPECT_EQ(count(copy_), 50U);
}

TEST_F(BackupTest, CopiesADatabaseThatNobodyUses) {
  put("unit");
  store_.reset();
  ASSERT_TRUE(copy());
  EXPECT_EQ(count(copy_), 1U);
  EXPECT_EQ(count(folder_.database()), 1U);
}

TEST_F(BackupTest, TheCopyIsOfOneMomentWhateverIsWrittenMeanwhile) {
  for (int i = 0; i < 100; ++i) put("unit-" + std::to_string(i));
  std::uint64_t steps = 0;
  std::uint64_t last = 0;
  ASSERT_TRUE(copy_database(folder_.database(), copy_, [&](std::uint64_t done, std::uint64_t all) {
    ++steps;
    EXPECT_GT(done, last);
    EXPECT_LE(done, all);
    last = done;
    put("during-" + std::to_string(steps));
  }));
  EXPECT_GE(steps, 1U);
  EXPECT_EQ(examine_database(copy_).value(), known_schema_version());
  EXPECT_EQ(count(copy_), 100U);
  EXPECT_EQ(count(folder_.database()), 100U + steps);
}

TEST_F(BackupTest, RefusesWhatIsNotThereOrInTheWay) {
  EXPECT_EQ(copy_database(folder_.path() / "none.db", copy_, {}).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(write_file(copy_, "mine", FileAccess::kOwner));
  EXPECT_EQ(copy().error().code, ErrorCode::kConflict);
  EXPECT_EQ(read_file(copy_, 100).value(), "mine");
}

TEST_F(BackupTest, FindsDamageOfAnyPage) {
  for (int i = 0; i < 100; ++i) put("unit-" + std::to_string(i));
  ASSERT_TRUE(copy());
  const std::string good = read_file(copy_, std::size_t{64} << 20U).value();
  constexpr std::size_t kPage = 4096;
  ASSERT_GT(good.size(), 20 * kPage);
  const auto damaged = folder_.path() / "damaged.db";
  for (std::size_t at = kPage; at < good.size(); at += 5 * kPage) {
    std::string bad = good;
    std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(at), 16, '\xaa');
    ASSERT_TRUE(write_file(damaged, bad, FileAccess::kOwner));
    EXPECT_EQ(examine_database(damaged).error().code, ErrorCode::kInternal) << "page " << at / kPage;
  }
  ASSERT_TRUE(write_file(damaged, good.substr(0, good.size() - kPage), FileAccess::kOwner));
  EXPECT_FALSE(examine_database(damaged)) << "cut off";
}

TEST_F(BackupTest, TellsForeignNewerAndUnusedDatabasesApart) {
  const auto foreign = folder_.path() / "foreign.db";
  ASSERT_TRUE(write_file(foreign, std::string(5000, 'x'), FileAccess::kOwner));
  EXPECT_EQ(examine_database(foreign).error().code, ErrorCode::kInvalidArgument);
  const auto empty = folder_.path() / "empty.db";
  ASSERT_TRUE(write_file(empty, "", FileAccess::kOwner));
  EXPECT_EQ(examine_database(empty).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(copy());
  ASSERT_TRUE(sqlite::Connection::open(copy_, sqlite::OpenMode::kReadWrite)->execute("PRAGMA user_version=1000"));
  EXPECT_EQ(examine_database(copy_).error().code, ErrorCode::kUnsupported);
}

TEST_F(BackupTest, KnowsTheMasterKeyOfADatabase) {
  ASSERT_TRUE(copy());
  EXPECT_TRUE(examine_master_key(copy_, *test_sealer()));
  EXPECT_EQ(examine_master_key(copy_, *other_sealer()).error().code, ErrorCode::kUnauthorized);
}

}  // namespace
}  // namespace muster::store

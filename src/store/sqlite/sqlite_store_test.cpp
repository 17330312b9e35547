#include "store/sqlite/sqlite_store.h"

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/schema.h"
#include "store/store_fixture.h"

namespace muster::store {
namespace {

using testing::HasSubstr;
using testing::Not;

class SqliteStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Store>> open(const std::shared_ptr<const crypto::Sealer>& sealer = test_sealer()) {
    return open_sqlite_store({.path = folder_.database()}, sealer);
  }
  std::unique_ptr<Store> make() {
    auto store = open().value();
    EXPECT_TRUE(wait_for(store->create_instance(make_config(kInstance, "plant-dps"))));
    return store;
  }
  void execute(const std::string& sql) {
    auto connection = sqlite::Connection::open(folder_.database(), sqlite::OpenMode::kCreate);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(connection->execute(sql));
  }
  std::string all_octets() {
    std::string octets;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
      std::ifstream in(file.path(), std::ios::binary);
      octets.append(std::istreambuf_iterator<char>(in), {});
    }
    return octets;
  }

  DatabaseFolder folder_;
};

TEST_F(SqliteStoreTest, TheFileIsReadableByItsOwnerOnly) {
  const auto store = make();
  for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
    struct stat status = {};
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << file.path();
  }
}

TEST_F(SqliteStoreTest, SecretsAreNotInTheFiles) {
  const auto store = make();
  ASSERT_TRUE(put_enrollment(*store, individual("unit", keys("individual-primary", "individual-secondary"))));
  ASSERT_TRUE(put_enrollment(*store, group("line", keys("group-primary", "group-secondary"))));
  const auto device = make_device("pump", model::SasCredential{secret("device-primary"), secret("device-secondary")});
  ASSERT_TRUE(wait_for(store->change_hub_device(kInstance, device.hub, "pump", put(device))));
  const std::string octets = all_octets();
  ASSERT_THAT(octets, HasSubstr("hub-a.example.net")) << "the search finds what is stored in the clear";
  for (const char* plain :
       {"individual-primary", "individual-secondary", "group-primary", "group-secondary", "device-primary",
        "device-secondary", "policy-primary-key", "policy-secondary-key", "azure-hub-key"}) {
    EXPECT_THAT(octets, Not(HasSubstr(plain)));
    EXPECT_THAT(octets, Not(HasSubstr(to_base64(as_bytes(plain)))));
  }
}

TEST_F(SqliteStoreTest, ClosingLeavesOneFile) {
  auto store = make();
  ASSERT_TRUE(wait_for(store->config(kInstance)));
  store.reset();
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(SqliteStoreTest, AnotherMasterKeyIsRefused) {
  make().reset();
  const auto refused = open(other_sealer());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  EXPECT_THAT(refused.error().message, HasSubstr("master key"));
  EXPECT_TRUE(open()) << "and the right one still opens";
}

TEST_F(SqliteStoreTest, ASealedKeyOfAnotherRowDoesNotOpen) {
  {
    const auto store = make();
    ASSERT_TRUE(put_enrollment(*store, individual("a", keys("a1", "a2"))));
    ASSERT_TRUE(put_enrollment(*store, individual("b", keys("b1", "b2"))));
  }
  execute(
      "UPDATE enrollment SET primary_key = (SELECT primary_key FROM enrollment WHERE enrollment_key = 'a') "
      "WHERE enrollment_key = 'b'");
  const auto store = open().value();
  const auto moved = wait_for(store->find_enrollment(kInstance, EnrollmentKind::kIndividual, "b"));
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, ErrorCode::kInternal);
  EXPECT_TRUE(wait_for(store->find_enrollment(kInstance, EnrollmentKind::kIndividual, "a")));
}

TEST_F(SqliteStoreTest, AStoreOfTheFirstSchemaIsBroughtUpToDate) {
  {
    const auto store = make();
    ASSERT_TRUE(put_enrollment(*store, individual("a", keys("a1", "a2"))));
  }
  for (const std::string_view later :
       {"attempt", "tpm_challenge", "hub_policy", "hub_event_log", "hub_event", "hub_consumer", "hub_job", "device_job",
        "hub_leftover", "hub_mailbox", "hub_message"}) {
    execute(fmt::format("DROP TABLE {}", later));
  }
  execute("PRAGMA user_version=1");
  const auto store = open().value();
  EXPECT_TRUE(wait_for(store->find_enrollment(kInstance, EnrollmentKind::kIndividual, "a")).value());
  EXPECT_TRUE(wait_for(store->list_attempts(kInstance, {}, "", 1)));
}

TEST_F(SqliteStoreTest, ANewerSchemaIsRefused) {
  make().reset();
  execute(fmt::format("PRAGMA user_version={}", sqlite::kSchemaVersion + 1));
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
}

TEST_F(SqliteStoreTest, AForeignDatabaseIsRefusedAndLeftAlone) {
  execute("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
  const std::string before = all_octets();
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(all_octets(), before);
}

TEST_F(SqliteStoreTest, AFileOfAnotherFormatIsRefusedAndLeftAlone) {
  std::ofstream(folder_.database()) << std::string(10'000, 'x');
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(all_octets(), std::string(10'000, 'x'));
}

TEST_F(SqliteStoreTest, AFileThatCannotBeOpenedIsAnError) {
  const auto refused = open_sqlite_store({.path = folder_.path() / "missing" / "muster.db"}, test_sealer());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
}

TEST_F(SqliteStoreTest, DamagedRowsAreErrors) {
  {
    const auto store = make();
    ASSERT_TRUE(put_enrollment(*store, individual("a", keys("a1", "a2"))));
  }
  for (const char* body : {"", "null", "[]", "{", "{}", "{\"id\":1}"}) {
    execute(fmt::format("UPDATE enrollment SET body = '{}'", body));
    const auto store = open().value();
    const auto found = wait_for(store->find_enrollment(kInstance, EnrollmentKind::kIndividual, "a"));
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.error().code, ErrorCode::kInternal) << body;
    const auto listed = wait_for(store->list_enrollments(kInstance, EnrollmentKind::kIndividual, "", 10));
    EXPECT_FALSE(listed) << body;
  }
}

TEST_F(SqliteStoreTest, ADamagedFileGivesErrorsNotCrashes) {
  constexpr std::size_t kPage = 4096;
  {
    const auto store = make();
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(put_enrollment(*store, individual(fmt::format("unit-{}", i), keys("p", "s"))));
    }
  }
  const std::string whole = all_octets();
  const std::size_t pages = whole.size() / kPage;
  int refused = 0;
  const auto try_file = [&](const std::string& octets) {
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(folder_.database().string() + suffix);
    std::ofstream(folder_.database(), std::ios::binary | std::ios::trunc) << octets;
    const auto store = open();
    if (!store) {
      ++refused;
      return;
    }
    const auto read = wait_for((*store)->list_enrollments(kInstance, EnrollmentKind::kIndividual, "", 1000));
    const auto written = put_enrollment(**store, individual("unit-50x", keys("p", "s")));
    if (!read || !written) ++refused;
  };
  for (std::size_t kept = 1; kept < pages; kept += 3) try_file(whole.substr(0, kept * kPage + kPage / 2));
  for (std::size_t page = 0; page < pages; page += 2) {
    std::string overwritten = whole;
    overwritten.replace(page * kPage, kPage, std::string(kPage, '\xa5'));
    try_file(overwritten);
  }
  EXPECT_GT(refused, 5);
}

TEST_F(SqliteStoreTest, AFullQueueIsUnavailableAtOnce) {
  auto store = open_sqlite_store({.path = folder_.database(), .max_batch = 1, .max_queue = 1}, test_sealer()).value();
  ASSERT_TRUE(wait_for(store->create_instance(make_config(kInstance, "plant-dps"))));
  std::latch entered(1);
  std::latch leave(1);
  std::thread blocked([&] {
    const auto value = individual("a", keys("p", "s"));
    EXPECT_TRUE(wait_for(store->change_enrollment(kInstance, value.kind, "a", [&](const Enrollment*) {
      entered.count_down();
      leave.wait();
      return Result<Enrollment>(value);
    })));
  });
  entered.wait();
  int acknowledged = 0;
  int unavailable = 0;
  for (const char* id : {"b", "c", "d"}) {
    start(store->change_enrollment(kInstance, EnrollmentKind::kIndividual, id, put(individual(id, keys("p", "s")))),
          [&](const Result<Enrollment>& result) {
            if (result) {
              ++acknowledged;
            } else if (result.error().code == ErrorCode::kUnavailable) {
              ++unavailable;
            }
          });
  }
  EXPECT_EQ(unavailable, 2);
  EXPECT_EQ(store->pending_writes(), 2U);
  leave.count_down();
  blocked.join();
  store.reset();
  EXPECT_EQ(acknowledged, 1) << "the one that was queued is finished before the store goes";
}

TEST_F(SqliteStoreTest, AThreadMayUseOneStoreAfterAnother) {
  for (int round = 0; round < 3; ++round) {
    const DatabaseFolder own;
    const auto store = open_sqlite_store({.path = own.database()}, test_sealer()).value();
    EXPECT_TRUE(wait_for(store->list_instances()).value().empty());
    ASSERT_TRUE(wait_for(store->create_instance(make_config(kInstance, "plant-dps"))));
    EXPECT_EQ(wait_for(store->list_instances()).value().size(), 1U);
  }
}

TEST_F(SqliteStoreTest, TheLogIsCutAboveItsLimit) {
  constexpr std::size_t kLimit = 64UL << 10U;
  const auto store = open_sqlite_store({.path = folder_.database(), .wal_limit = kLimit}, test_sealer()).value();
  ASSERT_TRUE(wait_for(store->create_instance(make_config(kInstance, "plant-dps"))));
  Enrollment large = individual("unit", keys("p", "s"));
  large.initial_twin = boost::json::object{{"tags", boost::json::object{{"blob", std::string(8192, 'x')}}}};
  std::uintmax_t written = 0;
  const auto log = folder_.database().string() + "-wal";
  bool cut = false;
  for (int i = 0; i < 2000 && !cut; ++i) {
    ASSERT_TRUE(put_enrollment(*store, large));
    const auto size = std::filesystem::file_size(log);
    cut = size < written;
    written = size;
  }
  EXPECT_TRUE(cut);
}

TEST_F(SqliteStoreTest, ReadersNeverSeeASnapshotOlderThanAnAcknowledgedWrite) {
  const auto store = make();
  std::atomic<int> acknowledged = 0;
  std::atomic<bool> stop = false;
  std::vector<std::jthread> readers;
  readers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const int least = acknowledged;
        const auto config = wait_for(store->config(kInstance)).value();
        EXPECT_GE(config->hubs.front().allocation_weight, least);
        EXPECT_GE(wait_for(store->symmetric_groups(kInstance)).value()->size(), static_cast<std::size_t>(least));
      }
    });
  }
  for (int i = 1; i <= 30; ++i) {
    ASSERT_TRUE(put_enrollment(*store, group(fmt::format("g{}", i), keys("p", "s"))));
    ASSERT_TRUE(wait_for(store->change_instance(kInstance, [i](const model::InstanceConfig* current) {
      model::InstanceConfig next = *current;
      next.hubs.front().allocation_weight = i;
      return Result<model::InstanceConfig>(next);
    })));
    acknowledged = i;
  }
  stop = true;
}

TEST_F(SqliteStoreTest, EightThreadsWriteAndReadAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 25;
  const auto store = make();
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int round = 0; round < kRounds; ++round) {
          const std::string id = fmt::format("unit-{}-{}", thread, round);
          const Enrollment entry = individual(id, keys(id, id));
          EXPECT_TRUE(put_enrollment(*store, entry));
          EXPECT_EQ(copy_of(wait_for(store->find_enrollment(kInstance, entry.kind, id)).value()), entry);
          EXPECT_FALSE(wait_for(store->find_registration(kInstance, id)).value());
          EXPECT_TRUE(wait_for(
              store->begin_operation(kInstance, make_operation("o" + id, id, entry), make_record(id, entry), nullptr)));
          EXPECT_TRUE(wait_for(store->find_registration(kInstance, id)).value());
          EXPECT_TRUE(wait_for(store->find_operation(kInstance, "o" + id)));
          EXPECT_TRUE(wait_for(store->complete_operation(kInstance, "o" + id, {make_record(id, entry)})));
          EXPECT_TRUE(wait_for(store->list_enrollments(kInstance, entry.kind, id, 3)));
        }
      });
    }
  }
  EXPECT_EQ(wait_for(store->list_enrollments(kInstance, EnrollmentKind::kIndividual, "", 1000)).value().items.size(),
            static_cast<std::size_t>(kThreads * kRounds));
  EXPECT_EQ(store->pending_writes(), 0U);
}

}  // namespace
}  // namespace muster::store

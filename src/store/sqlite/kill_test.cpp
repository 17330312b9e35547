#include <array>
#include <csignal>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store_fixture.h"

// What was acknowledged is on disk, whenever the process dies. The test starts itself again as the process to be
// killed.

namespace muster::store {
namespace {

constexpr const char* kDatabaseVariable = "MUSTER_TEST_KILL_DATABASE";
constexpr int kThreads = 4;
constexpr int kWritesPerThread = 2000;  // far more than a round lets it do
constexpr int kRounds = 10;

Enrollment entry_of(const std::string& id) {
  return individual(id, keys("primary of " + id, "secondary of " + id));
}

model::Registration record_of(const std::string& id) {
  model::Registration record = make_record(id, entry_of(id));
  record.status = model::RegistrationStatus::kAssigned;
  record.assigned_hub = "hub-a.example.net";
  record.device_id = id;
  return record;
}

/// One line, in one write, so that lines of several threads do not mix.
void acknowledge(const std::string& line) {
  const std::string text = line + "\n";
  if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) std::_Exit(2);
}

void write_until_killed(Store& store, int thread) {
  for (int i = 0; i < kWritesPerThread; ++i) {
    const std::string id = fmt::format("unit-{}-{}", thread, i);
    if (put_enrollment(store, entry_of(id))) acknowledge("entry " + id);
    // Every other device is assigned in one transaction, the rest in two.
    EndAtOnce at_once = [&id](const model::Registration&) { return OperationEnd{record_of(id), {}, {}}; };
    if (i % 2 == 0) at_once = nullptr;
    const std::string operation = "o-" + id;
    const auto begun = wait_for(store.begin_operation(kInstance, make_operation(operation, id, entry_of(id)),
                                                      record_of(id), std::move(at_once)));
    if (begun) acknowledge(((*begun)->operation.open ? "begun " : "ended ") + id);
    if (!begun || !(*begun)->operation.open) continue;
    if (wait_for(store.complete_operation(kInstance, operation, {record_of(id)}))) acknowledge("ended " + id);
  }
}

[[noreturn]] void be_killed(const char* database) {
  auto store = open_sqlite_store({.path = database, .wal_limit = 256UL << 10U}, test_sealer());
  if (!store) std::_Exit(1);
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&store, thread] { write_until_killed(**store, thread); });
    }
  }
  std::_Exit(0);
}

/// The child process and the pipe with its acknowledgements.
class Child {
 public:
  explicit Child(const std::filesystem::path& database) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=StoreKill.AcknowledgedWritesSurvive";
    std::array<char*, 3> arguments{program.data(), filter.data(), nullptr};
    ::setenv(kDatabaseVariable, database.c_str(), 1);
    EXPECT_EQ(::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
    ::unsetenv(kDatabaseVariable);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { static_cast<void>(std::fclose(output_)); }

  /// Kills it after so many acknowledgements; all that it gave, those on their way included.
  std::set<std::string> acknowledged_until_killed(int count) {
    std::set<std::string> lines;
    std::array<char, 256> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), output_) != nullptr) {
      std::string line(buffer.data());
      line.erase(line.find_last_not_of('\n') + 1);
      const bool ours = line.starts_with("entry ") || line.starts_with("begun ") || line.starts_with("ended ");
      if (ours) lines.insert(std::move(line));
      if (static_cast<int>(lines.size()) == count) ::kill(process_, SIGKILL);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(process_, &status, 0), process_);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child ended by itself";
    return lines;
  }

 private:
  pid_t process_ = 0;
  std::FILE* output_ = nullptr;
};

void expect_whole(Store& store, const std::string& line) {
  const std::string what = line.substr(0, 5);
  const std::string id = line.substr(6);
  if (what == "entry") {
    EXPECT_EQ(copy_of(wait_for(store.find_enrollment(kInstance, EnrollmentKind::kIndividual, id)).value()),
              entry_of(id));
    return;
  }
  const auto state = wait_for(store.find_operation(kInstance, "o-" + id));
  ASSERT_TRUE(state) << line;
  EXPECT_TRUE((*state)->registration) << line;
  if (what == "ended") {
    EXPECT_FALSE((*state)->operation.open) << line;
    EXPECT_EQ((*state)->registration, record_of(id)) << line;
  }
}

std::string integrity(const std::filesystem::path& database) {
  auto connection = sqlite::Connection::open(database, sqlite::OpenMode::kReadOnly);
  auto statement = connection->query("PRAGMA integrity_check");
  return statement->step().value() ? statement->string(0) : "no answer";
}

TEST(StoreKill, AcknowledgedWritesSurvive) {
  if (const char* database = std::getenv(kDatabaseVariable)) be_killed(database);
  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> counts(1, 300);
  for (int round = 0; round < kRounds; ++round) {
    const DatabaseFolder folder;
    const int count = counts(random);
    SCOPED_TRACE(fmt::format("round {}, killed after {} acknowledgements", round, count));
    {
      const auto store = open_sqlite_store({.path = folder.database()}, test_sealer()).value();
      ASSERT_TRUE(wait_for(store->create_instance(make_config(kInstance, "plant-dps"))));
    }
    const auto acknowledged = Child(folder.database()).acknowledged_until_killed(count);
    ASSERT_GE(static_cast<int>(acknowledged.size()), count);
    const auto store = open_sqlite_store({.path = folder.database()}, test_sealer()).value();
    for (const auto& line : acknowledged) expect_whole(*store, line);
    EXPECT_EQ(integrity(folder.database()), "ok");
  }
}

}  // namespace
}  // namespace muster::store

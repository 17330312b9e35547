#include "server/backup/backup.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/log.h"
#include "base/temporary_folder.h"
#include "crypto/digest.h"
#include "crypto/sealing.h"
#include "model/instance.h"
#include "server/bootstrap/data_folder.h"
#include "server/bootstrap/first_instance.h"
#include "store/sqlite/backup.h"
#include "store/sqlite/sqlite_store.h"

namespace muster::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t kAll = std::size_t{64} << 20U;
const SecretBytes kPassphrase{as_bytes("correct horse battery staple")};

/// A data folder as a service makes it, with one instance; a place for backups and one to restore to.
class BackupRestoreTest : public testing::Test {
 protected:
  BackupRestoreTest() {
    configure_log(LogLevel::kError, LogFormat::kText);
    const auto folder = DataFolder::open(data_).value();
    const auto store = open(folder);
    instance_ =
        wait_for(ensure_first_instance(*store, {"dps.example.net", "hub.example.net"}, clock_, random_)).value();
    EXPECT_TRUE(write_file(folder.tls() / "ca.pem", "a certificate", FileAccess::kEveryone));
    EXPECT_TRUE(write_file(folder.tls() / "ca.key.sealed", "a sealed key", FileAccess::kOwner));
  }

  std::unique_ptr<store::Store> open(const DataFolder& folder) {
    auto key = crypto::load_or_create_master_key(folder.master_key(), random_).value();
    auto sealer = std::make_shared<crypto::Sealer>(std::move(key), random_);
    return store::open_sqlite_store({.path = folder.database()}, std::move(sealer)).value();
  }
  Result<BackupReport> back_up(KeyProtection key, const SecretBytes& passphrase = {}) {
    return create_backup({.data = data_,
                          .output = backup_,
                          .key = key,
                          .passphrase = passphrase,
                          .program = "1.2.3",
                          .cost = {16, 1, 1}},
                         clock_, random_, kNoProgress);
  }
  Result<BackupReport> restore(std::optional<SecretBytes> passphrase = {}, std::optional<SecretBytes> key = {}) {
    return restore_backup({backup_, target_, std::move(passphrase), std::move(key)}, random_, kNoProgress);
  }
  ErrorCode refusal(std::optional<SecretBytes> passphrase = {}, std::optional<SecretBytes> key = {}) {
    const auto restored = restore(std::move(passphrase), std::move(key));
    EXPECT_FALSE(restored);
    EXPECT_FALSE(fs::exists(target_ / "muster.db"));
    EXPECT_FALSE(fs::exists(target_ / "master.key"));
    EXPECT_FALSE(fs::exists(target_ / "restoring"));
    return restored ? ErrorCode::kInternal : restored.error().code;
  }
  SecretBytes master_key() { return crypto::load_master_key(data_ / "master.key").value(); }
  std::string content() { return read_file(backup_, kAll).value(); }
  void replace(const std::string& text) { ASSERT_TRUE(write_file(backup_, text, FileAccess::kOwner)); }
  /// Everything after the first line is taken for good.
  void replace_with_checksum(const std::string& rest) {
    replace(fmt::format("MUSTER-BACKUP 1 {}\n{}", hex_lower(crypto::sha256(as_bytes(rest))), rest));
  }
  /// The restored folder serves what the first one did.
  void expect_restored() {
    const auto folder = DataFolder::open(target_);
    ASSERT_TRUE(folder) << folder.error().message;
    const auto instance = wait_for(open(*folder)->config(instance_->instance.id));
    ASSERT_TRUE(instance);
    EXPECT_EQ((*instance)->policies, instance_->policies) << "sealed secrets open";
    EXPECT_EQ(read_file(folder->tls() / "ca.pem", kAll).value(), "a certificate");
    EXPECT_EQ(read_file(folder->tls() / "ca.key.sealed", kAll).value(), "a sealed key");
    EXPECT_EQ(mode(folder->tls() / "ca.pem"), 0644U);
    for (const char* secret : {"tls/ca.key.sealed", "master.key", "muster.db"})
      EXPECT_EQ(mode(target_ / secret), 0600U);
    EXPECT_EQ(mode(target_), 0700U);
  }
  static unsigned mode(const fs::path& path) { return static_cast<unsigned>(fs::status(path).permissions()); }
  static void no_progress(std::string_view /*step*/, std::uint64_t /*done*/, std::uint64_t /*all*/) {}
  const BackupProgress kNoProgress = no_progress;

  TemporaryFolder root_;
  ManualClock clock_{std::chrono::sys_days(std::chrono::year(2026) / 1 / 15)};
  SystemRandom random_;
  const fs::path data_ = root_.path() / "data";
  const fs::path backup_ = root_.path() / "backup";
  const fs::path target_ = root_.path() / "target";
  std::shared_ptr<const model::InstanceConfig> instance_;
};

TEST_F(BackupRestoreTest, ABackupWithItsKeyIsAllThatARestoreNeeds) {
  const auto made = back_up(KeyProtection::kPlain);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size, fs::file_size(backup_));
  EXPECT_EQ(mode(backup_), 0600U);
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->header.program, "1.2.3");
  EXPECT_EQ(restored->header.schema_version, store::known_schema_version());
  EXPECT_EQ(restored->header.created, clock_.now());
  expect_restored();
}

TEST_F(BackupRestoreTest, APassphraseGuardsTheKey) {
  ASSERT_TRUE(back_up(KeyProtection::kPassphrase, kPassphrase));
  EXPECT_EQ(content().find(as_text(master_key().reveal())), std::string::npos);
  EXPECT_EQ(refusal(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal(SecretBytes(as_bytes("another passphrase"))), ErrorCode::kUnauthorized);
  EXPECT_EQ(refusal(kPassphrase, master_key()), ErrorCode::kInvalidArgument);
  const auto restored = restore(kPassphrase);
  ASSERT_TRUE(restored) << restored.error().message;
  expect_restored();
}

TEST_F(BackupRestoreTest, AKeyThatIsKeptElsewhereIsGivenAtTheRestore) {
  ASSERT_TRUE(back_up(KeyProtection::kLeftOut));
  EXPECT_EQ(content().find(as_text(master_key().reveal())), std::string::npos);
  EXPECT_EQ(refusal(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal({}, SecretBytes(random_.bytes(crypto::Sealer::kKeySize))), ErrorCode::kUnauthorized);
  EXPECT_EQ(refusal(kPassphrase, master_key()), ErrorCode::kInvalidArgument);
  const auto restored = restore({}, master_key());
  ASSERT_TRUE(restored) << restored.error().message;
  expect_restored();
}

TEST_F(BackupRestoreTest, IsMadeOfAFolderInUse) {
  const auto folder = DataFolder::open(data_).value();
  const auto store = open(folder);
  ASSERT_TRUE(back_up(KeyProtection::kPlain));
  ASSERT_TRUE(restore());
  expect_restored();
}

TEST_F(BackupRestoreTest, DamageAnywhereIsFoundBeforeAnythingIsTouched) {
  ASSERT_TRUE(back_up(KeyProtection::kPlain));
  const std::string good = content();
  const std::size_t step = good.size() / 60;
  for (std::size_t at = 0; at < good.size(); at += at < 600 ? 7 : step) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    replace(bad);
    refusal();
    EXPECT_FALSE(fs::exists(target_)) << at;
    replace(good.substr(0, at));
    refusal();
    EXPECT_FALSE(fs::exists(target_)) << at;
  }
  replace(good + "x");
  refusal();
  replace(good);
  EXPECT_TRUE(restore());
}

TEST_F(BackupRestoreTest, TellsForeignAndNewerFilesFromDamagedOnes) {
  ASSERT_TRUE(back_up(KeyProtection::kPlain));
  const std::string good = content();
  replace("#!/bin/sh\nexit 0\n");
  EXPECT_EQ(refusal(), ErrorCode::kInvalidArgument);
  replace("");
  EXPECT_EQ(refusal(), ErrorCode::kInvalidArgument);
  replace("MUSTER-BACKUP 12 " + good.substr(16));
  EXPECT_EQ(refusal(), ErrorCode::kUnsupported);
  std::string newer = good.substr(good.find('\n') + 1);
  const std::string stated = fmt::format("\"schemaVersion\":{}", store::known_schema_version());
  newer.replace(newer.find(stated), stated.size(), "\"schemaVersion\":9999");
  replace_with_checksum(newer);
  EXPECT_EQ(refusal(), ErrorCode::kUnsupported);
  EXPECT_THAT(restore().error().message, HasSubstr("schema version 9999"));
  fs::remove(backup_);
  EXPECT_EQ(refusal(), ErrorCode::kInternal);
}

TEST_F(BackupRestoreTest, AHeaderThatContradictsThePartsIsRefused) {
  ASSERT_TRUE(back_up(KeyProtection::kPlain));
  const std::string rest = content().substr(content().find('\n') + 1);
  std::string grown = rest;
  grown.replace(grown.find("\"size\":32"), 9, "\"size\":33");
  replace_with_checksum(grown);
  EXPECT_EQ(refusal(), ErrorCode::kInternal);
  std::string huge = rest;
  huge.replace(huge.find("\"size\":32"), 9, "\"size\":9223372036854775807");
  replace_with_checksum(huge);
  EXPECT_EQ(refusal(), ErrorCode::kInternal);
  replace_with_checksum("no header");
  EXPECT_EQ(refusal(), ErrorCode::kInternal);
  std::string broken = rest;  // the database's own pages, with a good checksum around them
  std::fill_n(broken.begin() + static_cast<std::ptrdiff_t>(broken.find("SQLite format 3") + 4096), 64, '\xaa');
  replace_with_checksum(broken);
  EXPECT_EQ(refusal(), ErrorCode::kInternal);
}

TEST_F(BackupRestoreTest, AFolderThatHoldsAnythingIsRefused) {
  ASSERT_TRUE(back_up(KeyProtection::kPlain));
  fs::create_directories(target_);
  ASSERT_TRUE(write_file(target_ / "notes", "mine", FileAccess::kOwner));
  EXPECT_EQ(refusal(), ErrorCode::kConflict);
  EXPECT_EQ(read_file(target_ / "notes", 10).value(), "mine");
  const auto onto_itself = restore_backup({backup_, data_, {}, {}}, random_, kNoProgress);
  EXPECT_EQ(onto_itself.error().code, ErrorCode::kConflict);
  EXPECT_THAT(onto_itself.error().message, HasSubstr("is not empty"));
}

TEST_F(BackupRestoreTest, AFolderInUseIsRefused) {
  ASSERT_TRUE(back_up(KeyProtection::kPlain));
  const auto used = DataFolder::open(target_).value();
  EXPECT_EQ(refusal(), ErrorCode::kConflict);
}

TEST_F(BackupRestoreTest, ARestoreThatWasInterruptedIsTakenOverAndNothingStartsInBetween) {
  ASSERT_TRUE(back_up(KeyProtection::kPlain));
  fs::create_directories(target_ / "restoring" / "tls");
  ASSERT_TRUE(write_file(target_ / "restoring" / "muster.db", "half", FileAccess::kOwner));
  ASSERT_TRUE(write_file(target_ / "master.key", "moved already", FileAccess::kOwner));
  const auto started = DataFolder::open(target_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kConflict);
  EXPECT_THAT(started.error().message, HasSubstr("muster restore"));
  fs::permissions(target_, fs::perms::owner_all);
  ASSERT_TRUE(restore());
  expect_restored();
}

TEST_F(BackupRestoreTest, IsRestoredIntoTheFolderThatAPackageMade) {
  ASSERT_TRUE(back_up(KeyProtection::kPlain));
  fs::create_directories(target_ / "tls");
  fs::permissions(target_, fs::perms::owner_all);
  ASSERT_TRUE(restore());
  expect_restored();
}

TEST_F(BackupRestoreTest, RefusesToMakeWhatCouldNotBeRestored) {
  EXPECT_EQ(back_up(KeyProtection::kPassphrase, SecretBytes(as_bytes("short"))).error().code,
            ErrorCode::kInvalidArgument);
  ASSERT_TRUE(write_file(data_ / "master.key", std::string(32, 'x'), FileAccess::kOwner));
  EXPECT_EQ(back_up(KeyProtection::kPlain).error().code, ErrorCode::kUnauthorized);
  fs::remove(data_ / "master.key");
  EXPECT_EQ(back_up(KeyProtection::kPlain).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_.path()), {}), 1) << "nothing is left behind";
}

TEST_F(BackupRestoreTest, NeverReplacesABackup) {
  ASSERT_TRUE(write_file(backup_, "yesterday's", FileAccess::kOwner));
  EXPECT_EQ(back_up(KeyProtection::kPlain).error().code, ErrorCode::kConflict);
  EXPECT_EQ(content(), "yesterday's");
}

}  // namespace
}  // namespace muster::server

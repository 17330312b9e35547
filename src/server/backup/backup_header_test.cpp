#include "server/backup/backup_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::server {
namespace {

BackupHeader sample() {
  return {.program = "1.2.3",
          .schema_version = 2,
          .created = std::chrono::sys_days(std::chrono::year(2026) / 1 / 15),
          .key = KeyProtection::kPassphrase,
          .cost = {1024, 8, 1},
          .salt = {1, 2, 3},
          .entries = {{"muster.db", 4096}, {"master.key", 61}, {"tls/ca.pem", 700}}};
}

TEST(BackupHeader, IsALineThatPeopleCanRead) {
  EXPECT_EQ(write_backup_header(sample()),
            R"({"program":"1.2.3","schemaVersion":2,"created":"2026-01-15T00:00:00.0000000Z",)"
            R"("masterKey":"passphrase","scrypt":{"n":1024,"r":8,"p":1,"salt":"AQID"},"entries":[)"
            R"({"name":"muster.db","size":4096},{"name":"master.key","size":61},{"name":"tls/ca.pem","size":700}]})");
}

TEST(BackupHeader, IsReadBack) {
  BackupHeader header = sample();
  EXPECT_EQ(read_backup_header(write_backup_header(header)).value(), header);
  header.key = KeyProtection::kLeftOut;
  header.cost = {};
  header.salt = {};
  header.entries = {{"muster.db", 1}};
  EXPECT_EQ(read_backup_header(write_backup_header(header)).value(), header);
}

TEST(BackupHeader, NamesThatLeadOutOfTheFolderAreRefused) {
  for (const char* name : {"../muster.db", "tls/../muster.db", "tls/", "tls/.hidden", "tls/a/b", "/etc/passwd", "lock",
                           "tls/a b", "tls", "", "muster.db"}) {
    BackupHeader header = sample();
    header.entries.push_back({name, 1});
    EXPECT_FALSE(read_backup_header(write_backup_header(header))) << name;
  }
}

TEST(BackupHeader, WhatNobodyWritesIsRefused) {
  const std::string good = write_backup_header(sample());
  const auto with = [&](std::string_view part, std::string_view instead) {
    std::string bad = good;
    const auto at = bad.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return bad.replace(at, part.size(), instead);
  };
  for (const std::string& bad :
       {std::string(), std::string("[]"), good.substr(1), with("\"schemaVersion\":2", "\"schemaVersion\":-2"),
        with("\"schemaVersion\":2", "\"schemaVersion\":\"2\""), with("2026-01-15", "yesterday"),
        with("\"passphrase\"", "\"hope\""), with("\"n\":1024", "\"n\":-1"), with("\"AQID\"", "\"?\""),
        with("\"AQID\"", "\"\""), with("{\"name\":\"muster.db\",\"size\":4096},", ""),
        with("{\"name\":\"master.key\",\"size\":61},", ""), with("\"size\":61", "\"size\":-61"),
        with("\"passphrase\"", "\"left-out\"")}) {
    EXPECT_FALSE(read_backup_header(bad)) << bad;
  }
}

}  // namespace
}  // namespace muster::server

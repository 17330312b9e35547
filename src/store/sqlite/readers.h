#pragma once

#include <filesystem>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "store/sqlite/connection.h"

namespace muster::store::sqlite {

/// A read connection for each thread that asks, opened at its first question and kept until the store goes.
/// Thread-safe; a connection is used only by its thread, or by a later one that inherits the id of an ended thread.
class Readers {
 public:
  explicit Readers(std::filesystem::path path);

  /// The calling thread's connection.
  Result<Connection*> mine();

 private:
  Result<Connection*> find_or_open();

  const std::filesystem::path path_;
  const std::uint64_t id_;  // never used twice in a process, unlike an address

  std::mutex mutex_;  // protects connections_, not what it points to
  std::unordered_map<std::thread::id, std::unique_ptr<Connection>> connections_;
};

}  // namespace muster::store::sqlite

#include "store/sqlite/readers.h"

#include <atomic>

namespace muster::store::sqlite {
namespace {

std::atomic<std::uint64_t> next_id = 1;

struct LastUsed {
  std::uint64_t readers_id = 0;
  Connection* connection = nullptr;
};
thread_local LastUsed t_last_used;

}  // namespace

Readers::Readers(std::filesystem::path path) : path_(std::move(path)), id_(next_id.fetch_add(1)) {
}

Result<Connection*> Readers::mine() {
  if (t_last_used.readers_id == id_) return t_last_used.connection;
  auto connection = find_or_open();
  if (connection) t_last_used = {id_, *connection};
  return connection;
}

Result<Connection*> Readers::find_or_open() {
  const std::thread::id thread = std::this_thread::get_id();
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = connections_.find(thread); found != connections_.end()) return found->second.get();
  }
  auto opened = Connection::open(path_, OpenMode::kReadOnly);
  if (!opened) return std::unexpected(opened.error());
  auto connection = std::make_unique<Connection>(std::move(*opened));
  const std::scoped_lock lock(mutex_);
  return (connections_[thread] = std::move(connection)).get();
}

}  // namespace muster::store::sqlite

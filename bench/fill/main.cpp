// bench_fill: writes individual enrollments with symmetric keys straight into a data folder whose service is stopped
// (bench/README.md). Their keys are derived like those of a group, so that bench_load knows them from one key.
#include <condition_variable>
#include <memory>
#include <mutex>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/task.h"
#include "crypto/digest.h"
#include "crypto/sealing.h"
#include "load/tpm_pool.h"
#include "server/bootstrap/data_folder.h"
#include "store/sqlite/sqlite_store.h"

namespace muster::bench {
namespace {

struct Options {
  std::string data;
  std::string prefix = "device-";
  std::string group_key;
  std::string tpms;
  std::size_t count = 1000;
};

/// Lets so many writes wait at once that the store can group them.
class Window {
 public:
  void enter() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return under_way_ < kMost; });
    ++under_way_;
  }
  void leave(const Result<model::Enrollment>& written) {
    const std::scoped_lock lock(mutex_);
    if (!written && !failure_) failure_ = written.error();
    --under_way_;
    room_.notify_all();
  }
  Result<void> wait_for_all() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return under_way_ == 0; });
    if (failure_) return std::unexpected(*failure_);
    return {};
  }

 private:
  static constexpr std::size_t kMost = 4096;
  std::mutex mutex_;  // protects all below
  std::condition_variable room_;
  std::size_t under_way_ = 0;
  std::optional<Error> failure_;
};

model::Enrollment enrollment_for(const std::string& id, const SecretBytes& group_key, TimePoint now, Random& random) {
  model::Enrollment out;
  out.kind = model::EnrollmentKind::kIndividual;
  out.id = id;
  out.attestation = model::SymmetricKeyAttestation{crypto::derive_device_key(group_key, id),
                                                   crypto::derive_device_key(group_key, id + "-secondary")};
  out.etag = model::make_etag(random);
  out.created = out.updated = now;
  return out;
}

/// Devices take turns on the TPMs, as bench_load does.
model::Enrollment tpm_enrollment(model::Enrollment entry, const SoftTpm& tpm) {
  entry.attestation = model::TpmAttestation{to_base64(tpm.ek.octets), ""};
  return entry;
}

Result<std::string> fill(const Options& options) {
  const auto key = from_base64(options.group_key);
  if (!key) return invalid("--group-key is not base64.");
  const SecretBytes group_key{ByteView(*key)};
  SystemClock clock;
  SystemRandom random;

  auto folder = server::DataFolder::open(options.data);
  if (!folder) return std::unexpected(folder.error());
  auto master = crypto::load_or_create_master_key(folder->master_key(), random);
  if (!master) return std::unexpected(master.error());
  store::SqliteOptions sqlite;
  sqlite.path = folder->database();
  sqlite.max_batch = 1024;
  auto store = store::open_sqlite_store(sqlite, std::make_shared<crypto::Sealer>(std::move(*master), random));
  if (!store) return std::unexpected(store.error());
  auto instances = wait_for((*store)->list_instances());
  if (!instances) return std::unexpected(instances.error());
  if (instances->empty()) return invalid("There is no instance in this folder; start the service on it once.");

  Tpms tpms;
  if (!options.tpms.empty()) {
    auto read = read_tpms(options.tpms);
    if (!read) return std::unexpected(read.error());
    tpms = std::move(*read);
  }
  Window window;
  for (std::size_t i = 0; i < options.count; ++i) {
    window.enter();
    const std::string id = fmt::format("{}{}", options.prefix, i);
    auto entry = enrollment_for(id, group_key, clock.now(), random);
    if (!tpms.empty()) entry = tpm_enrollment(std::move(entry), *tpms[i % tpms.size()]);
    auto change = [value = std::move(entry)](const model::Enrollment*) -> Result<model::Enrollment> { return value; };
    start((*store)->change_enrollment(instances->front().id, model::EnrollmentKind::kIndividual, id, std::move(change)),
          [&window](const Result<model::Enrollment>& written) { window.leave(written); });
  }
  if (auto written = window.wait_for_all(); !written) return std::unexpected(written.error());
  return fmt::format("{} enrollments", options.count);
}

}  // namespace
}  // namespace muster::bench

int main(int count, char** arguments) {
  muster::bench::Options options;
  CLI::App app("Writes individual enrollments with symmetric keys into a data folder.");
  app.add_option("--data", options.data, "data folder of a stopped service")->required();
  app.add_option("--prefix", options.prefix, "registration ids begin with this");
  app.add_option("--group-key", options.group_key, "key from which the device keys are derived, base64")->required();
  app.add_option("--count", options.count, "how many");
  app.add_option("--tpms", options.tpms, "folder of `bench_load tpms`: enroll those instead of keys");
  CLI11_PARSE(app, count, arguments);
  const auto filled = muster::bench::fill(options);
  if (filled) {
    fmt::print("{}\n", *filled);
    return 0;
  }
  fmt::print(stderr, "bench_fill: {} {}\n", filled.error().message, filled.error().detail);
  return 1;
}

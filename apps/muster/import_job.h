#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "muster/device_client.h"
#include "muster/import_source.h"
#include "muster/import_state.h"

namespace muster::cli {

/// What the service answered to one chunk.
struct ChunkOutcome {
  ImportTotals totals;
  std::vector<boost::json::object> failures;  ///< as the service tells them: line, id, errorCode, message
};

/// Sends a chunk and waits for the answer; one thread at a time.
using SendChunk = std::function<Result<ChunkOutcome>(const ImportChunk&)>;

/// Sends a file's chunks over several connections at once, so that reading, sending and writing overlap, and tells what
/// became of them in the order of the file. A request that was put off is sent again, and so is one without an answer
/// once the service has answered others: the service finds what it did already and changes nothing.
class ImportJob {
 public:
  /// Told after each chunk that all before it are through, never two calls at once.
  using Progress = std::function<void(const ImportChunk& chunk, const ChunkOutcome& outcome)>;

  /// One sender for each connection; `source` outlives the job.
  ImportJob(ImportSource& source, std::vector<SendChunk> senders, Sleep sleep, Progress progress);

  /// The first failure that ended it, if any. Chunks that were under way are finished.
  Result<void> run();

 private:
  struct Finished {
    ImportChunk chunk;
    ChunkOutcome outcome;
  };

  void work(const SendChunk& send);
  std::optional<ImportChunk> take();
  Result<ChunkOutcome> send_patiently(const SendChunk& send, const ImportChunk& chunk);
  bool is_worth_waiting(const Error& error);
  void finish(ImportChunk chunk, Result<ChunkOutcome> outcome);
  void stop(std::size_t index, Error error);

  std::vector<SendChunk> senders_;
  Sleep sleep_;
  Progress progress_;

  std::mutex mutex_;  // protects all below
  ImportSource& source_;
  bool at_end_ = false;
  bool answered_ = false;                                 ///< the service is there, or was
  std::map<std::size_t, Finished> finished_;              ///< behind a chunk that is still under way
  std::size_t next_index_ = 0;                            ///< of the chunk to be told next
  std::optional<std::pair<std::size_t, Error>> failure_;  ///< of the earliest chunk that failed
};

}  // namespace muster::cli

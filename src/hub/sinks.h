#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/thread_executor.h"
#include "base/timers.h"
#include "hub/sink_runner.h"
#include "outbound/http.h"

namespace muster::hub {

/// A sink as operators watch it.
struct SinkReport {
  std::string name;
  SinkHealth health;
  std::uint64_t lag = 0;                 ///< events that are not delivered yet
  std::optional<TimePoint> oldest = {};  ///< when the first of these came
};

/// All sinks of this installation, on one thread.
///
/// Lifecycle: create, begin() once, stop() before the HTTP client ends, so that what waits for answers does not begin
/// anew; destruction waits for the runners. report() from any thread.
class Sinks {
 public:
  struct Parts {
    store::Store& store;
    EventLog& log;
    Timers& timers;
    const Clock& clock;
    Random& random;
    outbound::HttpClient& outbound;
    std::function<Task<std::optional<HubName>>(std::string)> find_hub;
  };

  /// Reads the secrets; an error names the sink and the file.
  static Result<std::unique_ptr<Sinks>> create(const std::vector<SinkSettings>& settings, Parts parts);
  ~Sinks();
  Sinks(const Sinks&) = delete;
  Sinks& operator=(const Sinks&) = delete;

  void begin();
  /// Returns at once.
  void stop();
  [[nodiscard]] std::vector<SinkReport> report() const;
  [[nodiscard]] Executor& executor() { return executor_; }

 private:
  struct Sink {
    std::unique_ptr<SinkTarget> target;
    std::unique_ptr<TimedPauses> pauses;
    std::unique_ptr<SinkRunner> runner;
  };

  explicit Sinks(Parts parts) : parts_(std::move(parts)) {}
  void add(const SinkSettings& settings, std::unique_ptr<SinkTarget> target);
  void ended();

  const Parts parts_;
  std::vector<Sink> sinks_;
  std::mutex mutex_;  // protects running_
  std::condition_variable idle_;
  std::size_t running_ = 0;

  ThreadExecutor executor_;  // last
};

}  // namespace muster::hub

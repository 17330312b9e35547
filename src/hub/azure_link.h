#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/timers.h"
#include "hub/link_gate.h"
#include "hub/link_health.h"
#include "hub/link_pace.h"
#include "hub/link_settings.h"
#include "model/instance.h"
#include "outbound/http.h"

namespace muster::hub {

/// Calls of the service API of one hub elsewhere with the credential of its link, at the pace that the hub allows, with
/// repetitions when that may help.
///
/// Lifecycle: close() ends what waits; whoever calls keeps the link alive until the answer. Thread-safe.
class AzureLink {
 public:
  struct Parts {
    outbound::HttpClient& http;
    Timers& timers;
    const Clock& clock;
    Random& random;
  };

  AzureLink(Parts parts, const AzureLinkSettings& settings, model::LinkedHub hub);

  struct Call {
    std::string method;
    std::string path;  ///< with query
    std::optional<boost::json::object> body = {};
    std::string if_match = {};  ///< bare; empty: none
    LinkGate::Turn turn = LinkGate::Turn::kNext;
  };
  struct Answer {
    outbound::HttpResponse response;
    /// An earlier try, whose answer was lost, may have been carried out already.
    bool repeated = false;
  };
  /// Any answer that will not be another one soon; kUnavailable when there was none.
  Task<Result<Answer>> call(Call call);
  /// Lets some time go by; kUnavailable when the link is closed.
  Task<Result<void>> pause(std::chrono::milliseconds time);

  [[nodiscard]] const model::LinkedHub& hub() const { return hub_; }
  [[nodiscard]] LinkStatus status() const;
  /// How long a call that came now would wait for its turn.
  [[nodiscard]] std::chrono::seconds expected_wait() const;
  /// Whether a call that came now would be made, and has a chance.
  [[nodiscard]] bool answers() const;

  void close() { gate_.close(); }

 private:
  class Place;

  Task<Result<outbound::HttpResponse>> try_once(const Call& call);
  outbound::HttpRequest request(const Call& call) const;
  void note(const Result<outbound::HttpResponse>& response, std::chrono::milliseconds took);

  Parts parts_;
  const AzureLinkSettings settings_;
  const model::LinkedHub hub_;
  LinkGate gate_;
  mutable std::mutex mutex_;  // protects what follows
  LinkPace pace_;
  LinkHealth health_;
  std::size_t running_ = 0;
};

}  // namespace muster::hub

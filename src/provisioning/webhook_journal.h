#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "base/clock.h"
#include "model/ids.h"

namespace muster::provisioning {

/// One call of a webhook, for people who look for what went wrong; secrets are masked and long texts cut.
struct WebhookExchange {
  TimePoint at;
  std::string url;              ///< as masked_url() shows it
  std::string registration_id;  ///< of the device, as it spelt it
  std::string tracking_id;      ///< of its register call, or of the test
  bool test = false;            ///< asked for by an operator
  std::string request;          ///< JSON
  int status = 0;               ///< 0: no answer came
  std::string response;
  std::string verdict;  ///< the hub that was chosen, or why there is none
  bool good = false;    ///< a hub was chosen
  std::chrono::milliseconds took{};
};

/// The last exchanges with webhooks, in memory: the newest of each webhook, and not too many in all. Thread-safe.
class WebhookJournal {
 public:
  explicit WebhookJournal(std::size_t keep) : keep_(keep) {}

  /// `webhook` says which are of one: its URL without query.
  void add(const model::InstanceId& instance, const std::string& webhook, WebhookExchange exchange);
  /// The newest first; an empty id does not matter, letter case neither.
  [[nodiscard]] std::vector<WebhookExchange> list(const model::InstanceId& instance, std::string_view registration_id,
                                                  std::size_t most) const;

 private:
  struct Entry {
    model::InstanceId instance;
    std::string webhook;
    WebhookExchange exchange;
  };

  const std::size_t keep_;
  mutable std::mutex mutex_;   // protects entries_
  std::deque<Entry> entries_;  ///< the newest last
};

/// The text of a request or an answer as people may see it: of JSON, texts whose member is named as secrets are;
/// `known` values anywhere. At most some kilobytes.
std::string masked_body(std::string_view body, const std::vector<std::string>& known);
/// The same of a value.
boost::json::value masked_value(boost::json::value value);

}  // namespace muster::provisioning

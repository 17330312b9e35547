#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <string>

#include "base/recent_map.h"
#include "server/api/api_call.h"
#include "wire/sas_token.h"

namespace muster::server {

/// Proves the callers of service and management routes. Thread-safe.
///
/// SDKs send one token many times, so what was proven once is kept: that a token's signature is by a key of a policy,
/// as long as the instance's configuration stays what it was. Its resource, its life and the policy's rights are judged
/// with every call.
class ServiceAuth {
 public:
  explicit ServiceAuth(std::chrono::seconds clock_tolerance) : clock_tolerance_(clock_tolerance) {}

  /// By its shared access signature (service-api.md 1.2, 1.3): the token's form, its resource (a prefix of the request,
  /// segment by segment), its life, a policy key's signature, and the policy's rights. Returns the policy's name. Every
  /// refusal is 401 with code 401002 and one text; what was wrong is in the detail for the log.
  std::expected<std::string, ApiError> authorize(const ApiCall& call, model::Right right);

 private:
  /// A token whose signature is good.
  struct Proven {
    std::weak_ptr<const model::InstanceConfig> config;  ///< whose keys were looked at; does not keep them alive
    std::shared_ptr<const wire::SasToken> token;
  };

  /// Null: not proven yet.
  std::shared_ptr<const wire::SasToken> recall(const ApiCall& call, std::string_view header);
  void remember(const ApiCall& call, std::string_view header, std::shared_ptr<const wire::SasToken> token);

  const std::chrono::seconds clock_tolerance_;
  std::mutex mutex_;                // protects proven_
  RecentMap<Proven> proven_{1000};  ///< by the whole header: who does not have the token cannot find it
};

}  // namespace muster::server

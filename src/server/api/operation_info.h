#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/api/api_call.h"

namespace muster::server {

enum class Api {
  kDevice,
  kService,     ///< enrollments and registration records
  kManagement,  ///< the instance, its hubs and certificates
  kNone,        ///< no route
};

/// "device", "service", "management", "none".
std::string_view to_string(Api api);

/// What a route does, in the words of DPS's logs. Made once per route.
struct OperationInfo {
  std::size_t index = 0;  ///< of the route; the number of routes stands for "no route"
  Api api = Api::kNone;
  std::string name = "Unknown";             ///< "AttestationAttempt", "Upsert", "Query", ...
  std::string type = {};                    ///< what it is done to: "IndividualEnrollment", "Registration", ...
  std::optional<std::size_t> subject = {};  ///< which of ApiCall::arguments names that
};

/// Derived from method and path, so that a route cannot be forgotten.
OperationInfo describe(const Route& route, std::size_t index);

/// One operation that was answered.
struct FinishedOperation {
  const OperationInfo& operation;
  const ApiCall& call;
  int status = 0;                     ///< of HTTP
  const ApiError* refusal = nullptr;  ///< null unless it was refused
  std::chrono::nanoseconds took{};    ///< from the complete request to the answer, before it is sent
};

/// Told of every operation that ends. Called on the connection's thread; must be quick. Outlives the handler.
class OperationObserver {
 public:
  virtual ~OperationObserver() = default;
  virtual void finished(const FinishedOperation& operation) noexcept = 0;
  /// What came was no proper request; `code` as in the error body.
  virtual void malformed(int code) noexcept = 0;
};

}  // namespace muster::server

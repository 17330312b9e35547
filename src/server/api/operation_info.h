#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
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
  std::size_t index = 0;  ///< its number among all operations; the same operation has it on every transport
  Api api = Api::kNone;
  std::string name = "Unknown";             ///< "AttestationAttempt", "Upsert", "Query", ...
  std::string type = {};                    ///< what it is done to: "IndividualEnrollment", "Registration", ...
  std::optional<std::size_t> subject = {};  ///< which of ApiCall::arguments names that
};

enum class DeviceOperation : std::uint8_t { kRegister, kStatus, kLookUp };
inline constexpr std::size_t kDeviceOperations = 3;

/// What an operation of the device API is called on every transport.
OperationInfo describe(DeviceOperation operation);

/// Derived from method and path, so that a route cannot be forgotten. `number` is the route's place.
OperationInfo describe(const Route& route, std::size_t number);
/// For requests that no route is for; `routes` is the number of routes.
OperationInfo describe_no_route(std::size_t routes);

/// One operation that was answered. The texts are of the call, and may be empty where nothing is said of that.
struct FinishedOperation {
  const OperationInfo& operation;
  std::string_view tracking_id = {};
  TimePoint at;                         ///< when it came
  std::string_view transport = "http";  ///< as in DeviceCall
  std::string_view peer_address = {};   ///< textual IP address
  std::string_view api_version = {};
  std::string_view id_scope = {};       ///< device API: as the device spelt it
  std::string_view instance_name = {};  ///< service and management API
  std::string_view subject = {};        ///< id of what it was done to
  std::string_view policy = {};         ///< whose key signed the request
  std::string_view path = {};           ///< of HTTP, without query
  int status = 0;                       ///< of HTTP
  const ApiError* refusal = nullptr;    ///< null unless it was refused
  std::chrono::nanoseconds took{};      ///< from the complete request to the answer, before it is sent
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

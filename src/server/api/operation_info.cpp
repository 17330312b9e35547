#include "server/api/operation_info.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace muster::server {
namespace {

using Path = std::vector<std::string>;

bool is_word(std::string_view segment) {
  return segment != "{}";
}

/// "attestationmechanism" to "Attestationmechanism".
std::string capitalized(std::string_view word) {
  std::string out(word);
  if (!out.empty()) out.front() = to_upper(out.substr(0, 1)).front();
  return out;
}

/// What a method does to the thing that the path names. A POST is named by the last words of its path.
std::string name_of(const Route& route) {
  const std::string& last = route.path.back();
  if (route.method == "GET") return is_word(last) ? "List" : "Get";
  if (route.method == "PUT") return "Upsert";
  if (route.method == "DELETE") return "Delete";
  if (route.method != "POST") return capitalized(to_lower(route.method));
  if (route.path.size() == 1) return "Bulk";
  std::string name;
  for (auto word = std::next(route.path.begin()); word != route.path.end(); ++word) {
    name = is_word(*word) ? name + capitalized(*word) : "";
  }
  return name.empty() ? "Post" : name;
}

DeviceOperation device_operation(const Route& route) {
  if (route.path.back() == "register") return DeviceOperation::kRegister;
  const bool status = route.path.size() > 3 && route.path[3] == "operations";
  return status ? DeviceOperation::kStatus : DeviceOperation::kLookUp;
}

OperationInfo service_operation(const Route& route) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes{
      {{"enrollments", "IndividualEnrollment"},
       {"enrollmentGroups", "EnrollmentGroup"},
       {"registrations", "Registration"},
       {"attempts", "Attempt"},
       {"webhooks", "Webhook"}}};
  OperationInfo info{.api = Api::kService, .name = name_of(route), .type = capitalized(route.path.front())};
  for (const auto& [word, type] : kTypes) {
    if (equals_nocase(word, route.path.front())) info.type = type;
  }
  if (std::ranges::find(route.path, "{}") != route.path.end()) info.subject = 0;
  return info;
}

OperationInfo management_operation(const Route& route) {
  OperationInfo info{.api = Api::kManagement, .name = name_of(route), .type = "ProvisioningService"};
  if (std::ranges::find(route.path, "certificates") != route.path.end()) info.type = "Certificate";
  if (std::ranges::find(route.path, "hubs") != route.path.end()) info.type = "Hub";
  // The last argument is what the operation is about; the subscription is never.
  const auto arguments = static_cast<std::size_t>(std::ranges::count(route.path, "{}"));
  if (arguments > 1) info.subject = arguments - 1;
  return info;
}

}  // namespace

std::string_view to_string(Api api) {
  switch (api) {
    case Api::kDevice:
      return "device";
    case Api::kService:
      return "service";
    case Api::kManagement:
      return "management";
    case Api::kNone:
      return "none";
  }
  return "none";
}

OperationInfo describe(DeviceOperation operation) {
  OperationInfo info{.index = static_cast<std::size_t>(operation),
                     .api = Api::kDevice,
                     .name = "RegistrationLookup",
                     .type = "Registration",
                     .subject = 1};
  if (operation == DeviceOperation::kRegister) info.name = "AttestationAttempt";
  if (operation == DeviceOperation::kStatus) info.name = "OperationStatusLookup";
  return info;
}

OperationInfo describe(const Route& route, std::size_t number) {
  if (!route.right) return describe(device_operation(route));
  OperationInfo info = route.path.front() == "subscriptions" ? management_operation(route) : service_operation(route);
  info.index = kDeviceOperations + number;
  return info;
}

OperationInfo describe_no_route(std::size_t routes) {
  return {.index = kDeviceOperations + routes};
}

}  // namespace muster::server

#include "server/api/operation_info.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outbound/curl_client.h"
#include "provisioning/test_world.h"
#include "server/bootstrap/service.h"

namespace muster::server {
namespace {

using testing::Contains;
using testing::Pair;

/// What each route of the service is called in logs and metrics: "METHOD /path" to "api Name Type".
std::map<std::string, std::string> described_routes() {
  provisioning::testing::World world;
  outbound::CurlClient outbound({});
  const auto service = Service::open({.store = world.store(),
                                      .clock = world.clock,
                                      .random = world.random,
                                      .outbound = outbound,
                                      .webhook_http = outbound,
                                      .attestation = {},
                                      .attempts = {},
                                      .limits = {}})
                           .value();
  std::map<std::string, std::string> out;
  for (const Route& route : service->handler().routes()) {
    std::string path = route.method + " ";
    for (const std::string& segment : route.path) path += "/" + segment;
    const OperationInfo info = describe(route, 7);
    EXPECT_EQ(info.index, route.right ? kDeviceOperations + 7 : info.index);
    EXPECT_NE(info.name, "Unknown") << path;
    EXPECT_NE(info.name, "Post") << path;
    EXPECT_FALSE(info.type.empty()) << path;
    if (info.subject) EXPECT_LT(*info.subject, static_cast<std::size_t>(std::ranges::count(route.path, "{}"))) << path;
    out[path] = std::string(to_string(info.api)) + " " + info.name + " " + info.type;
  }
  return out;
}

TEST(OperationInfo, EveryRouteHasANameForLogsAndMetrics) {
  const auto routes = described_routes();
  EXPECT_THAT(routes, Contains(Pair("PUT /{}/registrations/{}/register", "device AttestationAttempt Registration")));
  EXPECT_THAT(routes,
              Contains(Pair("GET /{}/registrations/{}/operations/{}", "device OperationStatusLookup Registration")));
  EXPECT_THAT(routes, Contains(Pair("POST /{}/registrations/{}", "device RegistrationLookup Registration")));
  EXPECT_THAT(routes, Contains(Pair("POST /enrollments", "service Bulk IndividualEnrollment")));
  EXPECT_THAT(routes, Contains(Pair("PUT /enrollmentGroups/{}", "service Upsert EnrollmentGroup")));
  EXPECT_THAT(routes, Contains(Pair("DELETE /registrations/{}", "service Delete Registration")));
  EXPECT_THAT(routes, Contains(Pair("POST /enrollments/query", "service Query IndividualEnrollment")));
  EXPECT_THAT(routes, Contains(Pair("POST /enrollments/export/keys", "service ExportKeys IndividualEnrollment")));
  EXPECT_THAT(routes, Contains(Pair("GET /subscriptions/{}/providers/Microsoft.Devices/provisioningServices",
                                    "management List ProvisioningService")));
  EXPECT_THAT(routes, Contains(Pair("DELETE /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Devices/"
                                    "provisioningServices/{}/certificates/{}",
                                    "management Delete Certificate")));
}

}  // namespace
}  // namespace muster::server

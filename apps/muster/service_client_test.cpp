#include "muster/service_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "muster/fake_service.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;

const ManualClock& test_clock() {
  static const ManualClock clock{from_micros(1'800'000'000'000'000)};
  return clock;
}

wire::ConnectionString connection(std::string host) {
  return {.host_name = std::move(host), .key_name = "owner", .key = SecretBytes(Bytes(32, 7))};
}

ServiceClient client_of(const FakeService& service) {
  return ServiceClient(connection("dps.example.net:8443"), service.send(), test_clock());
}

TEST(ServiceClient, SignsForTheHostWithoutPortAndForTenMinutes) {
  const FakeService service{{.status = 200, .body = "{}"}};
  ASSERT_TRUE(client_of(service).get(EnrollmentKind::kIndividual, "a:b"));
  const HttpRequest& request = service.requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, "https://dps.example.net:8443/enrollments/a%3Ab?api-version=2021-10-01");
  const auto token = wire::parse_sas_token(header_of(request, "Authorization"));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->resource, "dps.example.net");
  EXPECT_EQ(token->key_name, "owner");
  EXPECT_EQ(token->expiry, test_clock().now() + std::chrono::minutes(10));
  EXPECT_TRUE(wire::signed_by(*token, SecretBytes(Bytes(32, 7))));
}

TEST(ServiceClient, CreatesWithoutIfMatchAndUpdatesWithIt) {
  const FakeService service{{.status = 200, .body = "{}"}, {.status = 200, .body = "{}"}};
  const ServiceClient client = client_of(service);
  ASSERT_TRUE(client.put(EnrollmentKind::kGroup, "g", {{"enrollmentGroupId", "g"}}, ""));
  ASSERT_TRUE(client.put(EnrollmentKind::kGroup, "g", {}, "abc="));
  EXPECT_EQ(service.requests().at(0).url, "https://dps.example.net:8443/enrollmentGroups/g?api-version=2021-10-01");
  EXPECT_EQ(service.requests().at(0).body, R"({"enrollmentGroupId":"g"})");
  EXPECT_EQ(header_of(service.requests().at(0), "If-Match"), "");
  EXPECT_EQ(header_of(service.requests().at(1), "If-Match"), "abc=");
}

TEST(ServiceClient, ListsPageByPage) {
  const FakeService service{{.status = 200, .headers = {{"x-ms-continuation", "t1"}}, .body = "[1,2]"},
                            {.status = 200, .headers = {{"x-ms-continuation", "t2"}}, .body = "[]"},
                            {.status = 200, .body = "[3]"}};
  const auto all = client_of(service).list(EnrollmentKind::kIndividual, "SELECT *", std::nullopt);
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, (boost::json::array{1, 2, 3}));
  ASSERT_EQ(service.requests().size(), 3U);
  EXPECT_EQ(service.requests()[0].method, "POST");
  EXPECT_EQ(service.requests()[0].body, R"({"query":"SELECT *"})");
  EXPECT_EQ(header_of(service.requests()[0], "x-ms-continuation"), "");
  EXPECT_EQ(header_of(service.requests()[1], "x-ms-continuation"), "t1");
  EXPECT_EQ(header_of(service.requests()[2], "x-ms-continuation"), "t2");
}

TEST(ServiceClient, SendsTheQueryWithEveryPage) {
  const FakeService service{{.status = 200, .headers = {{"x-ms-continuation", "t1"}}, .body = "[]"},
                            {.status = 200, .body = "[1]"}};
  ASSERT_TRUE(client_of(service).list(EnrollmentKind::kGroup, R"(* WHERE a = "x")", std::nullopt));
  for (const HttpRequest& request : service.requests()) {
    EXPECT_EQ(request.url, "https://dps.example.net:8443/enrollmentGroups/query?api-version=2021-10-01");
    EXPECT_EQ(request.body, R"({"query":"* WHERE a = \"x\""})");
  }
}

TEST(ServiceClient, AsksForNoMoreThanTheTop) {
  const FakeService service{{.status = 200, .headers = {{"x-ms-continuation", "t1"}}, .body = "[1,2]"},
                            {.status = 200, .headers = {{"x-ms-continuation", "t2"}}, .body = "[3,4]"}};
  const auto some = client_of(service).list(EnrollmentKind::kIndividual, "SELECT *", 3);
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, (boost::json::array{1, 2, 3}));
  EXPECT_EQ(header_of(service.requests().at(0), "x-ms-max-item-count"), "3");
  EXPECT_EQ(header_of(service.requests().at(1), "x-ms-max-item-count"), "1");
}

TEST(ServiceClient, APageThatIsNoListIsAnError) {
  const FakeService service{{.status = 200, .body = "{}"}};
  EXPECT_FALSE(client_of(service).list(EnrollmentKind::kIndividual, "SELECT *", std::nullopt));
}

TEST(ServiceClient, KeysAreAskedForOnlyWhereThereAreSome) {
  const FakeService symmetric{
      {.status = 200, .body = R"({"attestation":{"type":"symmetricKey"},"etag":"e"})"},
      {.status = 200, .body = R"({"type":"symmetricKey","symmetricKey":{"primaryKey":"AA=="}})"}};
  const auto with_keys = client_of(symmetric).get_with_keys(EnrollmentKind::kIndividual, "x");
  ASSERT_TRUE(with_keys);
  EXPECT_EQ(with_keys->at("attestation").at("symmetricKey").at("primaryKey"), "AA==");
  EXPECT_EQ(symmetric.requests().at(1).url,
            "https://dps.example.net:8443/enrollments/x/attestationmechanism?api-version=2021-10-01");

  const FakeService certificate{{.status = 200, .body = R"({"attestation":{"type":"x509"}})"}};
  EXPECT_TRUE(client_of(certificate).get_with_keys(EnrollmentKind::kIndividual, "x"));
  EXPECT_EQ(certificate.requests().size(), 1U);
}

TEST(WithoutPort, KeepsLiteralAddresses) {
  const std::pair<const char*, const char*> cases[] = {{"a.example.net", "a.example.net"},
                                                       {"a.example.net:8443", "a.example.net"},
                                                       {"[::1]:8443", "[::1]"},
                                                       {"[::1]", "[::1]"}};
  for (const auto& [host, expected] : cases) EXPECT_EQ(without_port(host), expected);
}

}  // namespace
}  // namespace muster::cli

#include "server/operations/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "provisioning/test_world.h"
#include "server/tls/test_client.h"

namespace muster::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() { configure_log(LogLevel::kError, LogFormat::kText); }

  Operations::Options options() {
    return {.clock = world_.clock,
            .version = "1.2.3",
            .database = folder_.path() / "muster.db",
            .listen = Operations::Endpoint{"127.0.0.1", 0},
            .access_log = {}};
  }
  void start() {
    auto started = Operations::start(options());
    ASSERT_TRUE(started) << started.error().message;
    operations_ = std::move(*started);
  }
  /// The whole answer.
  std::string ask(const std::string& method, const std::string& path) {
    test::RawClient client(operations_->port().value());
    client.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.read_to_end();
  }

  TemporaryFolder folder_;
  provisioning::testing::World world_;
  std::unique_ptr<Operations> operations_;
};

TEST_F(OperationsTest, ServesMetricsAndHealthOnAPortOfTheirOwn) {
  start();
  operations_->set_instances(world_.must(world_.store().list_instances()));
  EXPECT_THAT(ask("GET", "/readyz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(ask("GET", "/readyz"),
              EndsWith(R"({"status":"not-ready","reasons":[{"code":"starting","message":"The service is starting."}]})"
                       "\n"));
  operations_->serving(world_.store());
  EXPECT_THAT(ask("GET", "/readyz"), EndsWith("{\"status\":\"ready\"}\n"));
  EXPECT_THAT(ask("GET", "/healthz?verbose"), StartsWith("HTTP/1.1 200 "));
  const std::string metrics = ask("GET", "/metrics");
  EXPECT_THAT(metrics, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(metrics, HasSubstr("\nmuster_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("\nmuster_registrations_stuck_total{provisioning_service_name=\"test\"} 0\n"));
  operations_->stopping();
  EXPECT_THAT(ask("GET", "/readyz"), HasSubstr(R"("code":"stopping")"));
  EXPECT_THAT(ask("GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(OperationsTest, ServesNothingElse) {
  start();
  for (const char* path : {"/", "/metrics/", "/enrollments/query", "/0ne/registrations/a/register"}) {
    EXPECT_THAT(ask("GET", path), StartsWith("HTTP/1.1 404 ")) << path;
  }
  EXPECT_THAT(ask("POST", "/metrics"), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
  EXPECT_THAT(ask("HEAD", "/healthz"), EndsWith("\r\n\r\n"));
}

TEST_F(OperationsTest, NamesTheThreadsThatAreStuck) {
  class Silent final : public Executor {
   public:
    void post(std::move_only_function<void()> /*work*/) override {}
  } silent;
  start();
  operations_->liveness().watch("worker 1", silent);
  operations_->liveness().beat(std::chrono::steady_clock::now() - std::chrono::minutes(5));
  operations_->beat();
  const std::string answer = ask("GET", "/healthz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, EndsWith("{\"status\":\"failing\",\"stuckThreads\":[\"worker 1\"]}\n"));
}

TEST_F(OperationsTest, SaysWhichOptionNamesAPortThatIsTaken) {
  start();
  Operations::Options taken = options();
  taken.listen->port = operations_->port().value();
  const auto second = Operations::start(taken);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("--operations-listen"));
}

TEST_F(OperationsTest, SaysWhichOptionNamesALogThatCannotBeOpened) {
  Operations::Options broken = options();
  broken.access_log = folder_.path() / "no" / "access.log";
  const auto started = Operations::start(broken);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("--access-log"));
}

TEST_F(OperationsTest, ListensOnlyWhenAskedTo) {
  Operations::Options quiet = options();
  quiet.listen.reset();
  const auto started = Operations::start(quiet);
  ASSERT_TRUE(started);
  EXPECT_FALSE((*started)->port());
}

}  // namespace
}  // namespace muster::server

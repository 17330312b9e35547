#include "server/operations/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "base/temporary_folder.h"
#include "server/tls/test_certificates.h"

namespace muster::server {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReadinessTest : public testing::Test {
 protected:
  ReadinessTest() {
    configure_log(LogLevel::kError, LogFormat::kText);
    std::vector<TlsIdentity> identities;
    identities.push_back(test::ecdsa_server().identity());
    certificates_.set(identities);
  }

  /// The store that is asked answers at once, as `store_answer_` says.
  void serve() {
    readiness_.serving([this]() -> Task<Result<void>> {
      ++asked_;
      co_return store_answer_;
    });
  }
  std::vector<Unready> reasons(seconds after = {}) {
    return wait_for(readiness_.reasons(Readiness::Time(seconds(1000)) + after));
  }
  std::vector<std::string> codes(seconds after = {}) {
    std::vector<std::string> out;
    for (const Unready& reason : reasons(after)) out.push_back(reason.code);
    return out;
  }

  TemporaryFolder folder_;
  ManualClock clock_{test::kNow};
  ServedCertificates certificates_;
  Readiness readiness_{clock_, certificates_, folder_.path()};
  Result<void> store_answer_;
  int asked_ = 0;
};

TEST_F(ReadinessTest, FollowsTheLifeOfTheService) {
  EXPECT_THAT(codes(), ElementsAre("starting"));
  serve();
  EXPECT_THAT(codes(), IsEmpty());
  readiness_.stopping();
  EXPECT_THAT(codes(), ElementsAre("stopping"));
}

TEST_F(ReadinessTest, AStoreThatRefusesAWriteIsAReasonUntilItTakesOne) {
  serve();
  store_answer_ = fail(ErrorCode::kInternal, "The disk of the store is full.");
  EXPECT_THAT(reasons(), ElementsAre(Unready{"store", "The disk of the store is full."}));
  store_answer_ = {};
  EXPECT_THAT(codes(seconds(1)), ElementsAre("store")) << "the last answer is good for a moment";
  EXPECT_EQ(asked_, 1);
  EXPECT_THAT(codes(seconds(3)), IsEmpty());
  EXPECT_EQ(asked_, 2);
}

TEST_F(ReadinessTest, AStoreThatDoesNotAnswerIsAReasonAndIsNotAskedAgain) {
  std::move_only_function<void(Result<void>)> answer;
  readiness_.serving([&]() -> Task<Result<void>> {
    ++asked_;
    co_return co_await Handover<Result<void>>([&](auto complete) { answer = std::move(complete); });
  });
  std::optional<std::vector<Unready>> first;
  start(readiness_.reasons(Readiness::Time(seconds(1000))), [&](std::vector<Unready> reasons) { first = reasons; });
  EXPECT_THAT(codes(seconds(4)), IsEmpty());
  ASSERT_THAT(codes(seconds(6)), ElementsAre("store"));
  EXPECT_THAT(reasons(seconds(6)).front().message, HasSubstr("6 s"));
  EXPECT_EQ(asked_, 1);
  EXPECT_FALSE(first);
  answer(Result<void>());
  EXPECT_THAT(first.value(), IsEmpty());
}

TEST_F(ReadinessTest, CertificatesOutOfDateAreAReason) {
  serve();
  clock_.set(test::Validity().until + seconds(1));
  ASSERT_THAT(codes(), ElementsAre("certificate"));
  EXPECT_EQ(reasons().front().message,
            "The ecdsa server certificate of ecdsa.example expired at 2026-01-25T00:00:00Z.");
  clock_.set(test::Validity().from - seconds(1));
  EXPECT_THAT(reasons().front().message, HasSubstr("is not valid before"));
}

TEST_F(ReadinessTest, AFolderThatIsGoneIsAReason) {
  serve();
  std::filesystem::remove_all(folder_.path());
  EXPECT_THAT(codes(), ElementsAre("store"));
}

}  // namespace
}  // namespace muster::server

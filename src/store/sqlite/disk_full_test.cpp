#include <future>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/sqlite/enrollments.h"
#include "store/sqlite/instances.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"
#include "store/store_fixture.h"

namespace muster::store::sqlite {
namespace {

/// The writer with the real tables, on a file whose size can be limited.
class DiskFull : public testing::Test {
 protected:
  void SetUp() override {
    auto connection = Connection::open(folder_.database(), OpenMode::kCreate);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(migrate(*connection));
    ASSERT_TRUE(create_instance({*connection, *sealer_}, make_config(kInstance, "plant-dps")));
    writer_.emplace(std::move(*connection), Writer::Limits{}, [](std::size_t) {});
  }

  template <class T>
  Result<T> run(std::move_only_function<Result<T>(Transaction&)> change) {
    std::promise<Result<T>> promise;
    writer_->submit<T>(std::move(change), [&promise](Result<T> result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  /// Pages the file may have; fewer than it has now means: no more than now.
  void limit_pages(std::size_t pages) {
    // A limit takes effect at once and is not part of the transaction.
    ASSERT_TRUE(run<void>([pages](Transaction& transaction) {
      return transaction.connection().execute(fmt::format("PRAGMA max_page_count={}", pages));
    }));
  }

  Result<Enrollment> put_large(const std::string& id) {
    Enrollment value = individual(id, keys("p", "s"));
    value.initial_twin = boost::json::object{{"tags", boost::json::object{{"blob", std::string(20'000, 'x')}}}};
    return run<Enrollment>([this, value](Transaction& transaction) {
      Change<Enrollment> change = put(value);
      return change_enrollment({transaction.connection(), *sealer_}, kInstance, value.kind, value.id, change);
    });
  }

  std::size_t stored() {
    auto connection = Connection::open(folder_.database(), OpenMode::kReadOnly);
    EXPECT_TRUE(connection);
    const auto page = list_enrollments({*connection, *sealer_}, kInstance, EnrollmentKind::kIndividual, "", 1000);
    EXPECT_TRUE(page);
    return page ? page->items.size() : 0;
  }

  DatabaseFolder folder_;
  std::shared_ptr<const crypto::Sealer> sealer_ = test_sealer();
  std::optional<Writer> writer_;
};

TEST_F(DiskFull, TheRefusedWriteFailsAloneAndWritingGoesOnWhenThereIsRoom) {
  ASSERT_TRUE(put_large("before"));
  limit_pages(1);
  const auto refused = put_large("refused");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  EXPECT_EQ(refused.error().message, "The disk of the store is full.");
  EXPECT_EQ(stored(), 1U) << "earlier data stay, nothing of the refused write does";
  limit_pages(1'000'000);
  EXPECT_TRUE(put_large("after"));
  EXPECT_TRUE(put_large("refused"));
  EXPECT_EQ(stored(), 3U);
}

}  // namespace
}  // namespace muster::store::sqlite

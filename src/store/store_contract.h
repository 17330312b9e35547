#pragma once

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store_fixture.h"

namespace muster::store {

/// An engine under the contract: everything a Store promises, whatever keeps the data.
struct Engine {
  std::string name;
  std::unique_ptr<Store> (*open)(const std::filesystem::path& path);
};

inline void PrintTo(const Engine& engine, std::ostream* out) {
  *out << engine.name;
}

/// The engines of this build; store_contract_test.cpp lists them.
std::vector<Engine> engines();

/// A store with one instance, kInstance, made of make_config().
class StoreContract : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override;
  /// Closes the store and opens what it left.
  void reopen();
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] const model::InstanceConfig& made() const { return made_; }

 private:
  DatabaseFolder folder_;
  model::InstanceConfig made_ = make_config(kInstance, "plant-dps");
  std::unique_ptr<Store> store_;
};

/// The error code of a failed result; a success fails the test.
template <class T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorCode::kInternal : result.error().code;
}

}  // namespace muster::store

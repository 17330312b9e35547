#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "base/task.h"
#include "hub/connections.h"
#include "hub/jobs.h"

namespace muster::server {

/// What queries look through: items as they go over the wire, in a fixed order.
class QuerySource {
 public:
  struct Item {
    boost::json::object value;
    std::string place;  ///< where to go on behind it; never empty
  };
  struct Piece {
    std::vector<Item> items;
    bool last = false;
  };

  virtual ~QuerySource() = default;
  /// Of whole items, in the exact spelling that clients compare with (hub-api.md 1.7).
  [[nodiscard]] virtual std::string_view item_type() const = 0;
  /// At most `limit` items, those behind a place.
  virtual Task<Result<Piece>> read(std::string after, std::size_t limit) = 0;
};

/// The twins of a hub's devices.
class TwinSource final : public QuerySource {
 public:
  using StateOf = std::function<hub::ConnectionState(const std::string& device_id)>;

  TwinSource(store::Store& store, hub::HubName hub, StateOf state)
      : store_(store), hub_(std::move(hub)), state_(std::move(state)) {}
  [[nodiscard]] std::string_view item_type() const override { return "Twin"; }
  Task<Result<Piece>> read(std::string after, std::size_t limit) override;

 private:
  store::Store& store_;
  const hub::HubName hub_;
  const StateOf state_;
};

/// What became of the devices of a job, or of all jobs when `job_id` is empty.
class DeviceJobSource final : public QuerySource {
 public:
  DeviceJobSource(store::Store& store, const hub::HubName& hub, std::string job_id)
      : store_(store), key_{hub.instance, hub.host, std::move(job_id)} {}
  [[nodiscard]] std::string_view item_type() const override { return "DeviceJob"; }
  Task<Result<Piece>> read(std::string after, std::size_t limit) override;

 private:
  store::Store& store_;
  const store::HubJobKey key_;
};

/// The jobs of a hub.
class JobSource final : public QuerySource {
 public:
  JobSource(hub::Jobs& jobs, hub::HubName hub) : jobs_(jobs), hub_(std::move(hub)) {}
  [[nodiscard]] std::string_view item_type() const override { return "JobResponse"; }
  Task<Result<Piece>> read(std::string after, std::size_t limit) override;

 private:
  hub::Jobs& jobs_;
  const hub::HubName hub_;
};

}  // namespace muster::server

#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include <prometheus/collectable.h>

#include "model/instance.h"
#include "provisioning/registration_observer.h"
#include "server/access_log/line_file.h"
#include "server/api/operation_info.h"

namespace muster::server {

/// Writes one record for every operation. Thread-safe.
class AccessLog final : public OperationObserver,
                        public provisioning::RegistrationObserver,
                        public prometheus::Collectable {
 public:
  /// `path` as for LineFile::open, with its errors.
  static Result<std::unique_ptr<AccessLog>> open(const std::filesystem::path& path);

  /// All there will be; called before the first operation.
  void set_instances(std::span<const model::Instance> instances);
  void reopen() { file_->reopen(); }

  void finished(const FinishedOperation& operation) noexcept override;
  void malformed(int /*code*/) noexcept override {}
  void attested(const provisioning::DeviceRequest& /*request*/,
                const provisioning::Decision& /*decision*/) noexcept override {}
  void registered(const model::InstanceId& instance, const model::Operation& operation,
                  const model::Registration& record, TimePoint at) noexcept override;
  void stuck(const model::InstanceId& /*instance*/, const model::Operation& /*operation*/) noexcept override {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  explicit AccessLog(std::unique_ptr<LineFile> file) : file_(std::move(file)) {}
  [[nodiscard]] std::string_view name_of(const model::InstanceId& instance) const;

  std::unique_ptr<LineFile> file_;
  std::unordered_map<model::InstanceId, std::string> names_;
};

}  // namespace muster::server

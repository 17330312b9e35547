#include "server/access_log/access_log.h"

#include "server/access_log/access_record.h"
#include "server/metrics/samples.h"

namespace muster::server {

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::filesystem::path& path) {
  auto file = LineFile::open(path);
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(*file)));
}

void AccessLog::set_instances(std::span<const model::Instance> instances) {
  for (const model::Instance& instance : instances) names_.emplace(instance.id, instance.name);
}

std::string_view AccessLog::name_of(const model::InstanceId& instance) const {
  const auto name = names_.find(instance);
  return name == names_.end() ? std::string_view() : name->second;
}

void AccessLog::finished(const FinishedOperation& operation) noexcept {
  std::string_view instance = operation.instance_name;
  if (operation.operation.api == Api::kDevice) instance = name_of(model::id_key(operation.id_scope));
  file_->append(operation_record(instance, operation));
}

void AccessLog::registered(const model::InstanceId& instance, const model::Operation& operation,
                           const model::Registration& record, TimePoint at) noexcept {
  file_->append(registration_record(name_of(instance), operation, record, at));
}

std::vector<prometheus::MetricFamily> AccessLog::Collect() const {
  return {counter_samples("muster_access_log_records_total", "Records of the access log by what became of them")
              .add(static_cast<double>(file_->written()), {{"result", "written"}})
              .add(static_cast<double>(file_->dropped()), {{"result", "dropped"}})
              .take()};
}

}  // namespace muster::server

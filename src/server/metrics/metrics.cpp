#include "server/metrics/metrics.h"

#include <iterator>
#include <sstream>
#include <utility>

#include <prometheus/text_serializer.h>

#include "server/metrics/samples.h"

namespace muster::server {
namespace {

class Gauge final : public prometheus::Collectable {
 public:
  Gauge(std::string name, std::string help, MetricLabels labels, std::function<double()> value)
      : name_(std::move(name)), help_(std::move(help)), labels_(std::move(labels)), value_(std::move(value)) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    return {gauge_samples(name_, help_).add(value_(), labels_).take()};
  }

 private:
  std::string name_;
  std::string help_;
  MetricLabels labels_;
  std::function<double()> value_;
};

}  // namespace

Metrics::Metrics(std::string version, std::filesystem::path database, const ServedCertificates& served)
    : api_(counters_), store_(std::move(database)), certificates_(served) {
  own_.push_back(std::make_unique<Gauge>("muster_build_info", "Which program this is",
                                         MetricLabels{{"version", std::move(version)}}, [] { return 1.0; }));
  sources_ = {own_.back().get(), &counters_, &api_, &hubs_, &store_, &listeners_, &certificates_, &process_};
}

RegistrationMetrics& Metrics::watch_registrations(std::span<const model::Instance> instances) {
  auto made = std::make_unique<RegistrationMetrics>(counters_, instances);
  RegistrationMetrics& registrations = *made;
  const std::scoped_lock lock(mutex_);
  own_.push_back(std::move(made));
  sources_.push_back(&registrations);
  return registrations;
}

void Metrics::add_gauge(std::string name, std::string help, std::function<double()> value) {
  auto gauge = std::make_unique<Gauge>(std::move(name), std::move(help), MetricLabels{}, std::move(value));
  const std::scoped_lock lock(mutex_);
  sources_.push_back(gauge.get());
  own_.push_back(std::move(gauge));
}

void Metrics::add(const prometheus::Collectable& source) {
  const std::scoped_lock lock(mutex_);
  sources_.push_back(&source);
}

std::string Metrics::render() const {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::scoped_lock lock(mutex_);
    for (const prometheus::Collectable* source : sources_) {
      std::ranges::move(source->Collect(), std::back_inserter(families));
    }
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace muster::server

#include "server/operations/readiness.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace muster::server {
namespace {

constexpr auto kAnswerStaysGood = std::chrono::seconds(2);
constexpr auto kStorePatience = std::chrono::seconds(5);

}  // namespace

void Readiness::serving(CheckStore check_store) {
  check_store_ = std::move(check_store);
  state_ = State::kServing;
}

void Readiness::stopping() {
  state_ = State::kStopping;
}

Task<std::vector<Unready>> Readiness::reasons(Time now) {
  std::vector<Unready> out;
  if (state_ == State::kStarting) {
    out.push_back({"starting", "The service is starting."});
    co_return out;
  }
  if (state_ == State::kStopping) out.push_back({"stopping", "The service is stopping."});
  if (auto disk = check_disk()) out.push_back(std::move(*disk));
  if (auto store = co_await check_store(now)) out.push_back(std::move(*store));
  check_certificates(out);
  co_return out;
}

Task<std::optional<Unready>> Readiness::check_store(Time now) {
  if (asked_) {
    if (now - *asked_ < kStorePatience) co_return answer_;
    const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - *asked_).count();
    co_return Unready{"store", fmt::format("The store has not answered a write for {} s.", waited)};
  }
  if (answered_ && now - *answered_ < kAnswerStaysGood) co_return answer_;
  asked_ = now;
  const auto written = co_await check_store_();
  asked_.reset();
  answered_ = now;
  answer_.reset();
  if (!written) {
    log_warning("readiness.store", {{"error", written.error().message}, {"detail", written.error().detail}});
    answer_ = Unready{"store", written.error().message};
  }
  co_return answer_;
}

std::optional<Unready> Readiness::check_disk() const {
  std::error_code error;
  const auto space = std::filesystem::space(folder_, error);
  if (error) return Unready{"store", fmt::format("The data folder cannot be examined: {}.", error.message())};
  if (space.available >= kLeastFreeOctets) return std::nullopt;
  return Unready{"disk-full", fmt::format("The file system of the store has {} octets left.", space.available)};
}

void Readiness::check_certificates(std::vector<Unready>& reasons) const {
  const TimePoint now = clock_.now();
  for (const ServedCertificate& certificate : certificates_.all()) {
    if (now > certificate.not_after) {
      reasons.push_back(
          {"certificate", fmt::format("The {} server certificate of {} expired at {}.", certificate.key_type,
                                      certificate.common_name, format_time_seconds(certificate.not_after))});
    } else if (now < certificate.not_before) {
      reasons.push_back(
          {"certificate", fmt::format("The {} server certificate of {} is not valid before {}.", certificate.key_type,
                                      certificate.common_name, format_time_seconds(certificate.not_before))});
    }
  }
}

}  // namespace muster::server

#include "server/hub_api/query_source.h"

#include <utility>

#include "hub/job_json.h"

namespace muster::server {
namespace {

/// `describe` makes an Item of each.
template <class T, class Describe>
Result<QuerySource::Piece> piece_of(const Result<store::Page<T>>& page, Describe describe) {
  if (!page) return std::unexpected(page.error());
  QuerySource::Piece out{.items = {}, .last = page->next.empty()};
  out.items.reserve(page->items.size());
  for (const T& each : page->items) out.items.push_back(describe(each));
  return out;
}

}  // namespace

Task<Result<QuerySource::Piece>> TwinSource::read(std::string after, std::size_t limit) {
  co_return piece_of(co_await store_.list_hub_devices(hub_.instance, hub_.host, std::move(after), limit),
                     [this](const model::HubDevice& device) {
                       return Item{hub::twin_to_json(device, state_(device.device_id)), device.device_id};
                     });
}

Task<Result<QuerySource::Piece>> DeviceJobSource::read(std::string after, std::size_t limit) {
  co_return piece_of(
      co_await store_.list_device_jobs(key_, std::move(after), limit),
      [](const model::DeviceJob& device) { return Item{hub::device_job_to_json(device), store::place_of(device)}; });
}

Task<Result<QuerySource::Piece>> JobSource::read(std::string after, std::size_t limit) {
  co_return piece_of(co_await jobs_.list(hub_, std::move(after), limit),
                     [](const model::HubJob& job) { return Item{hub::job_to_json(job), job.id}; });
}

}  // namespace muster::server

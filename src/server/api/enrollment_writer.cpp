#include "server/api/enrollment_writer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/enrollment_json.h"
#include "model/ids.h"
#include "server/api/enrollment_words.h"
#include "server/api/linked_hubs_check.h"

namespace muster::server {
namespace {

using model::Enrollment;
using model::EnrollmentKind;

}  // namespace

Task<Result<Enrollment>> EnrollmentWriter::put(std::shared_ptr<const model::InstanceConfig> config, EnrollmentKind kind,
                                               std::string id, boost::json::object body, model::IfMatch match,
                                               TimePoint at) {
  if (auto valid = model::check_enrollment_id(id, enrollment_words(kind).id_member); !valid) {
    co_return std::unexpected(valid.error());
  }
  auto change = [this, config, kind, id, body = std::move(body), match = std::move(match),
                 at](const Enrollment* current) -> Result<Enrollment> {
    if (match.is_absent() && current != nullptr) {
      return fail(ErrorCode::kConflict, std::string(enrollment_words(kind).exists));
    }
    const std::string* etag = current != nullptr ? &current->etag : nullptr;
    if (auto matched = match.check_put(etag); !matched) return std::unexpected(matched.error());
    auto next = model::apply_put(kind, id, body, current, at, random_);
    if (!next) return next;
    if (auto linked = check_hubs_linked(*next, current, *config); !linked) return std::unexpected(linked.error());
    return next;
  };
  co_return co_await store_.change_enrollment(config->instance.id, kind, id, std::move(change));
}

Task<Result<void>> EnrollmentWriter::remove(model::InstanceId instance, EnrollmentKind kind, std::string id,
                                            model::IfMatch match) {
  auto check = [match = std::move(match)](const Enrollment& current) { return match.check_delete(current.etag); };
  co_return co_await store_.remove_enrollment(std::move(instance), kind, std::move(id), std::move(check));
}

}  // namespace muster::server

#include "server/api/enrollment_texts.h"

#include <boost/json/serialize.hpp>

#include "model/enrollment_json.h"

namespace muster::server {
namespace {

/// Octets; an entry with a large twin is not worth the room.
constexpr std::size_t kLongestKept = 4096;

/// Whether both are of one object, or of none. Unlike an address, what is compared here is never used anew.
template <class T>
bool same(const std::weak_ptr<T>& a, const std::shared_ptr<T>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

std::string make_text(const model::Enrollment& entry, const model::Registration* record) {
  boost::json::object out = to_json(entry, model::EnrollmentView::kPublic);
  if (entry.kind == model::EnrollmentKind::kIndividual) {
    model::Registration unassigned;
    unassigned.registration_id = entry.id;
    out["registrationState"] = to_json(record == nullptr ? unassigned : *record);
  }
  return boost::json::serialize(out);
}

}  // namespace

std::string EnrollmentTexts::text_of(const std::shared_ptr<const model::Enrollment>& entry,
                                     const std::shared_ptr<const model::Registration>& record) {
  {
    const std::scoped_lock lock(mutex_);
    const Made* made = made_.find(entry->id);
    if (made != nullptr && same(made->entry, entry) && same(made->record, record)) return made->text;
  }
  std::string text = make_text(*entry, record.get());
  if (text.size() <= kLongestKept) {
    const std::scoped_lock lock(mutex_);
    made_.put(entry->id, {entry, record, text});
  }
  return text;
}

}  // namespace muster::server

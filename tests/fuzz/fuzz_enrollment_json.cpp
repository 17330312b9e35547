// Request bodies of the service API: JSON to an enrollment, and from there through every form it is written in.
#include <cstdlib>

#include "model/enrollment_json.h"
#include "model/json.h"

namespace {

using muster::model::Enrollment;
using muster::model::EnrollmentKind;
using muster::model::EnrollmentView;

void put_and_write(EnrollmentKind kind, const boost::json::object& body) {
  static muster::SequenceRandom random;
  const auto first = muster::model::apply_put(kind, "line7-unit0042", body, nullptr, muster::TimePoint(), random);
  if (!first) return;
  (void)muster::model::to_json(*first, EnrollmentView::kWithKeys);
  // A client may put back what it got (service-api.md 3.5).
  const auto shown = muster::model::to_json(*first, EnrollmentView::kPublic);
  const auto second = muster::model::apply_put(kind, first->id, shown, &*first, muster::TimePoint(), random);
  if (!second || second->attestation != first->attestation) std::abort();
  const auto stored = muster::model::from_stored_json(muster::model::to_stored_json(*second));
  if (!stored || stored->id != second->id) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = muster::model::parse_json_object(muster::as_text({data, size}));
  if (!body) return 0;
  put_and_write(EnrollmentKind::kIndividual, *body);
  put_and_write(EnrollmentKind::kGroup, *body);
  (void)muster::model::from_stored_json(*body);
  return 0;
}

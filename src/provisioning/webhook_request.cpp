#include "provisioning/webhook_request.h"

#include <boost/json/array.hpp>

#include "model/enrollment_json.h"
#include "model/etag.h"

namespace muster::provisioning {
namespace {

using boost::json::object;
using model::Enrollment;
using model::EnrollmentKind;

/// The first api-version in which devices send something along (device-api.md 3.2).
constexpr std::string_view kFirstPayloadVersion = "2019-03-31";

object enrollment_member(const Enrollment& enrollment) {
  object out = model::to_json(enrollment, model::EnrollmentView::kPublic);
  // Webhooks get the quoted text where the service API has its base64 (service-api.md 3.4).
  if (!enrollment.etag.empty()) out["etag"] = model::raw_etag(enrollment.etag);
  return out;
}

/// What the device proved itself with: what is shown of its certificate, or the names of keys without their values.
void add_attestation(object& out, const Enrollment& enrollment, const model::Operation& operation) {
  if (operation.attestation == "x509") {
    object slot{{"info", operation.certificate.value_or(object{{"sha256Thumbprint", operation.thumbprint}})}};
    out["x509"] = object{{"clientCertificates", object{{"primary", std::move(slot)}}}};
  } else if (operation.attestation == "tpm") {
    object shown = model::attestation_to_json(enrollment.attestation, model::EnrollmentView::kPublic);
    const auto* tpm = shown.if_contains("tpm");
    out["tpm"] = tpm != nullptr ? *tpm : boost::json::value(object());
  } else {
    out["symmetricKey"] = object();
  }
}

object runtime_context(const AssignmentInput& input, const model::Operation& operation) {
  object out{{"registrationId", operation.registration_id}};
  if (!input.record.assigned_hub.empty()) {
    out["currentIotHubHostName"] = input.record.assigned_hub;
    out["currentDeviceId"] = input.record.device_id;
  }
  add_attestation(out, input.enrollment, operation);
  const auto& custom = input.enrollment.custom_allocation;
  const bool knows_payload = !custom || custom->api_version >= kFirstPayloadVersion;
  if (knows_payload && operation.payload && !operation.payload->is_null()) out["payload"] = *operation.payload;
  return out;
}

}  // namespace

object webhook_request(const AssignmentInput& input, const model::Operation& operation,
                       const std::vector<const model::LinkedHub*>& candidates) {
  const bool group = input.enrollment.kind == EnrollmentKind::kGroup;
  boost::json::array hubs;
  for (const model::LinkedHub* hub : candidates) hubs.emplace_back(hub->host_name);
  object out;
  out[group ? "enrollmentGroup" : "individualEnrollment"] = enrollment_member(input.enrollment);
  out["deviceRuntimeContext"] = runtime_context(input, operation);
  out["linkedHubs"] = std::move(hubs);
  return out;
}

}  // namespace muster::provisioning

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "model/attestation_put.h"
#include "model/enrollment_json.h"
#include "model/enrollment_members.h"
#include "model/etag.h"
#include "model/ids.h"
#include "model/settings_check.h"

namespace muster::model {
namespace {

using boost::json::object;

constexpr std::size_t kMaxCommonNameLength = 64;  // RFC 5280 appendix A.1, ub-common-name

/// Members of preview api-versions that are stored and echoed (service-api.md 2.1).
struct PreviewMember {
  std::string_view name;
  boost::json::kind type;
  bool individual_only;
};

constexpr std::array kPreviewMembers{
    PreviewMember{"trustBundleId", boost::json::kind::string, false},
    PreviewMember{"clientCertificateIssuancePolicy", boost::json::kind::object, false},
    PreviewMember{"serverCertificateIssuancePolicy", boost::json::kind::object, false},
    PreviewMember{"credentialPolicyName", boost::json::kind::string, false},
    PreviewMember{"certificatePolicyResourceId", boost::json::kind::string, false},
    PreviewMember{"deviceHostname", boost::json::kind::string, true},
    PreviewMember{"deviceIpAddress", boost::json::kind::string, true},
};

object preview_members(EnrollmentKind kind, const object& body, const MemberReader& reader) {
  object out;
  for (const PreviewMember& member : kPreviewMembers) {
    if ((member.individual_only && kind != EnrollmentKind::kIndividual) || !reader.has(member.name)) continue;
    const auto& value = body.at(member.name);
    if (value.kind() != member.type) {
      reader.reject(member.name, member.type == boost::json::kind::string ? "must be a string" : "must be an object");
    }
    out[member.name] = value;
  }
  // Host names have no case; this one is kept in lower case (service-api.md 2.1).
  if (auto* name = out.if_contains("deviceHostname"); name != nullptr && name->is_string()) {
    *name = to_lower(name->get_string());
  }
  return out;
}

/// Null stands for a member that is not given, and answers have no null members (service-api.md 0). What is inside
/// tags and desired belongs to the user and stays.
object without_nulls(const object& source) {
  object out;
  for (const auto& [name, value] : source) {
    if (value.is_null()) continue;
    if (name == "properties" && value.is_object()) {
      out[name] = without_nulls(value.get_object());
    } else {
      out[name] = value;
    }
  }
  return out;
}

Result<void> check_id(EnrollmentKind kind, std::string_view id, const MemberReader& reader) {
  const std::string_view member = id_member(kind);
  if (auto fine = check_enrollment_id(id, member); !fine) return fine;
  const auto in_body = reader.text(member);
  if (in_body && !equals_nocase(*in_body, id)) {
    return invalid(fmt::format("{}: differs from the id in the address", member));
  }
  return {};
}

/// A device with a certificate names itself by its common name, which a longer id could never equal.
bool is_out_of_reach(const Enrollment& enrollment) {
  return enrollment.kind == EnrollmentKind::kIndividual && enrollment.id.size() > kMaxCommonNameLength &&
         attestation_type(enrollment.attestation) == "x509";
}

Result<void> check_whole(const Enrollment& enrollment) {
  if (is_out_of_reach(enrollment)) {
    return invalid(fmt::format("registrationId: must have at most {} characters with x509, as it is the common name",
                               kMaxCommonNameLength));
  }
  return check_settings(enrollment);
}

}  // namespace

Result<Enrollment> apply_put(EnrollmentKind kind, std::string_view id, const object& body, const Enrollment* current,
                             TimePoint now, Random& random) {
  DocumentFault fault;
  const MemberReader reader(body, fault);
  if (auto fine = check_id(kind, id, reader); !fine) return std::unexpected(std::move(fine).error());

  Enrollment out = read_common_members(kind, reader);
  out.id = current == nullptr ? std::string(id) : current->id;
  out.preview_members = preview_members(kind, body, reader);
  if (out.initial_twin) out.initial_twin = without_nulls(*out.initial_twin);
  auto attestation = attestation_put(kind, reader, current == nullptr ? nullptr : &current->attestation, random);
  // A wrong type is the cause of what the checks then miss, so it is told first.
  if (fault.found()) return std::unexpected(fault.to_error(ErrorCode::kInvalidArgument));
  if (!attestation) return std::unexpected(std::move(attestation).error());
  out.attestation = *std::move(attestation);
  if (auto fine = check_whole(out); !fine) return std::unexpected(std::move(fine).error());

  out.etag = make_etag(random);
  out.created = current == nullptr ? now : current->created;
  out.updated = now;
  return out;
}

}  // namespace muster::model

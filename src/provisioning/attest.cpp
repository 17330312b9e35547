#include "provisioning/attest.h"

#include "provisioning/attest_symmetric.h"
#include "provisioning/attest_x509.h"

namespace muster::provisioning {
namespace {

Task<Result<Decision>> refuse_without_evidence() {
  co_return DecisionBuilder().refuse(Reason::kNoCredentials, "credentials",
                                     "neither an Authorization header nor a client certificate");
}

}  // namespace

Task<Result<Decision>> attest(const DeviceRequest& request, store::Store& store, const AttestationSettings& settings) {
  if (std::holds_alternative<SasEvidence>(request.evidence)) {
    return attest_symmetric(request, store, settings);
  }
  if (std::holds_alternative<CertificateEvidence>(request.evidence)) {
    return attest_x509(request, store, settings);
  }
  return refuse_without_evidence();
}

}  // namespace muster::provisioning

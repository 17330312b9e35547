#include "provisioning/attest.h"

#include "provisioning/attest_symmetric.h"
#include "provisioning/attest_x509.h"

namespace muster::provisioning {

Task<Result<Decision>> attest(const DeviceRequest& request, store::Store& store, const AttestationSettings& settings) {
  if (std::holds_alternative<SasEvidence>(request.evidence)) {
    co_return co_await attest_symmetric(request, store, settings);
  }
  if (std::holds_alternative<CertificateEvidence>(request.evidence)) {
    co_return co_await attest_x509(request, store, settings);
  }
  co_return DecisionBuilder().refuse(Reason::kNoCredentials, "credentials",
                                     "neither an Authorization header nor a client certificate");
}

}  // namespace muster::provisioning

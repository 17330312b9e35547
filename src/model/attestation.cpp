#include "model/attestation.h"

namespace muster::model {
namespace {

struct TypeName {
  std::string_view operator()(const SymmetricKeyAttestation& /*keys*/) const { return "symmetricKey"; }
  std::string_view operator()(const CertificateAttestation& /*certificates*/) const { return "x509"; }
  std::string_view operator()(const CaReferenceAttestation& /*names*/) const { return "x509"; }
  std::string_view operator()(const TpmAttestation& /*tpm*/) const { return "tpm"; }
};

}  // namespace

std::string_view attestation_type(const Attestation& attestation) {
  return std::visit(TypeName(), attestation);
}

}  // namespace muster::model

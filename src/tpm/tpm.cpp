#include "tpm/tpm.h"

#include "tpm/state.h"

namespace muster::tpm {

Result<Tpm> Tpm::open(const std::string& tcti, Authorizations authorizations) {
  auto esys = Esys::open(tcti);
  if (!esys) return std::unexpected(esys.error());
  for (const auto& [hierarchy, value] : {std::pair{ESYS_TR_RH_OWNER, &authorizations.owner},
                                         std::pair{ESYS_TR_RH_ENDORSEMENT, &authorizations.endorsement},
                                         std::pair{ESYS_TR_RH_LOCKOUT, &authorizations.lockout}}) {
    if (auto set = esys->authorize(hierarchy, *value); !set) return std::unexpected(set.error());
  }
  return Tpm(std::make_unique<State>(State{*std::move(esys)}));
}

Tpm::Tpm(std::unique_ptr<State> state) : state_(std::move(state)) {
}
Tpm::~Tpm() = default;
Tpm::Tpm(Tpm&&) noexcept = default;
Tpm& Tpm::operator=(Tpm&&) noexcept = default;

Result<bool> Tpm::has(Handle handle) {
  return exists(state_->esys, handle);
}

}  // namespace muster::tpm

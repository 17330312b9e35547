#include <fmt/format.h>

#include "crypto/tpm/parent_key.h"
#include "tpm/state.h"
#include "tpm/templates.h"

namespace muster::tpm {
namespace {

ESYS_TR hierarchy_of(KeyRole role) {
  return role == KeyRole::kEndorsement ? ESYS_TR_RH_ENDORSEMENT : ESYS_TR_RH_OWNER;
}

/// Takes the object over, because the stack must forget it before something else stands at its handle.
Result<void> take_away(const Esys& esys, Held object, Handle handle) {
  ESYS_TR none = ESYS_TR_NONE;
  const auto code = Esys_EvictControl(esys.get(), ESYS_TR_RH_OWNER, object.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                      ESYS_TR_NONE, handle, &none);
  return check(code, fmt::format("take away what stands at 0x{:08X}", handle));
}

}  // namespace

Handle handle_of(KeyRole role) {
  return role == KeyRole::kEndorsement ? kEndorsementKeyHandle : kStorageRootKeyHandle;
}

Result<Held> make_persistent(const Esys& esys, const Held& object, Handle handle) {
  ESYS_TR made = ESYS_TR_NONE;
  const auto code = Esys_EvictControl(esys.get(), ESYS_TR_RH_OWNER, object.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                      ESYS_TR_NONE, handle, &made);
  if (auto good = check(code, fmt::format("keep an object at 0x{:08X}", handle)); !good) {
    return std::unexpected(good.error());
  }
  return Held(esys, made, Held::Kind::kPersistent);
}

Result<Primary> derive(const Esys& esys, KeyRole role) {
  const TPM2B_PUBLIC wanted = template_of(role);
  const TPM2B_SENSITIVE_CREATE no_authorization{};
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  ESYS_TR object = ESYS_TR_NONE;
  EsysPtr<TPM2B_PUBLIC> key;
  const auto code = Esys_CreatePrimary(esys.get(), hierarchy_of(role), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &no_authorization, &wanted, &no_data, &no_registers, &object, out(key), nullptr,
                                       nullptr, nullptr);
  if (auto good = check(code, fmt::format("derive its {}", name_of(role))); !good) {
    return std::unexpected(good.error());
  }
  Held held(esys, object, Held::Kind::kTransient);
  auto octets = to_octets(*key);
  if (!octets) return std::unexpected(octets.error());
  return Primary{std::move(held), *std::move(octets), false};
}

Result<Primary> find_primary(const Esys& esys, KeyRole role) {
  auto held = find(esys, handle_of(role));
  if (!held) return std::unexpected(held.error());
  auto key = read_public(esys, *held);
  if (!key) return std::unexpected(key.error());
  return Primary{*std::move(held), *std::move(key), true};
}

Result<PrimaryKey> Tpm::primary_key(KeyRole role) {
  auto found = find_primary(state_->esys, role);
  if (!found && found.error().code == ErrorCode::kNotFound) found = derive(state_->esys, role);
  if (!found) return std::unexpected(found.error());
  return PrimaryKey{.public_key = std::move(found->public_key), .persistent = found->persistent};
}

Result<Change> Tpm::persist(KeyRole role, ForeignObject foreign) {
  auto found = find_primary(state_->esys, role);
  if (!found && found.error().code != ErrorCode::kNotFound) return std::unexpected(found.error());
  if (found) {
    const auto usable = crypto::tpm::ParentKey::parse(found->public_key, role);
    if (usable) return Change::kNone;
    if (foreign == ForeignObject::kKeep) {
      return fail(ErrorCode::kConflict, fmt::format("What stands at 0x{:08X} cannot serve as {}: {}", handle_of(role),
                                                    name_of(role), usable.error().message));
    }
  }

  // Derived before anything is taken away: a TPM that refuses stays as it was.
  auto derived = derive(state_->esys, role);
  if (!derived) return std::unexpected(derived.error());
  if (found) {
    auto gone = take_away(state_->esys, std::move(found->held), handle_of(role));
    if (!gone) return std::unexpected(gone.error());
  }
  auto kept = make_persistent(state_->esys, derived->held, handle_of(role));
  if (!kept) return std::unexpected(kept.error());
  return found ? Change::kReplaced : Change::kMade;
}

Result<void> Tpm::evict(Handle handle) {
  auto object = find(state_->esys, handle);
  if (!object) return std::unexpected(object.error());
  return take_away(state_->esys, *std::move(object), handle);
}

Result<void> Tpm::clear(ClearBy by) {
  const ESYS_TR hierarchy = by == ClearBy::kLockout ? ESYS_TR_RH_LOCKOUT : ESYS_TR_RH_PLATFORM;
  return check(Esys_Clear(state_->esys.get(), hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE), "be cleared");
}

}  // namespace muster::tpm

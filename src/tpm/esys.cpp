#include "tpm/esys.h"

#include <array>
#include <cstdlib>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>

namespace muster::tpm {
namespace {

/// Its errors come back as values; on standard error they would only stand beside them.
void silence_stack() {
  constexpr int kKeepWhatIsSet = 0;
  ::setenv("TSS2_LOG", "all+NONE", kKeepWhatIsSet);
}

}  // namespace

Result<Esys> Esys::open(const std::string& tcti) {
  silence_stack();
  Esys out;
  const auto unreachable = [&](TSS2_RC code) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("Cannot reach a TPM by \"{}\": {} (0x{:X}). Is one there, and may this user use it "
                            "(members of the group tss may)?",
                            tcti, Tss2_RC_Decode(code), code));
  };
  if (const auto code = Tss2_TctiLdr_Initialize(tcti.c_str(), &out.way_); code != TSS2_RC_SUCCESS) {
    return unreachable(code);
  }
  if (const auto code = Esys_Initialize(&out.context_, out.way_, nullptr); code != TSS2_RC_SUCCESS) {
    return unreachable(code);
  }
  return out;
}

Esys::~Esys() {
  if (context_ != nullptr) Esys_Finalize(&context_);
  if (way_ != nullptr) Tss2_TctiLdr_Finalize(&way_);
}

Result<void> Esys::authorize(ESYS_TR object, const SecretBytes& value) {
  TPM2B_AUTH authorization{};
  if (!fill(authorization, authorization.buffer, value.reveal())) {
    return invalid(fmt::format("An authorization value has at most {} octets.", sizeof authorization.buffer));
  }
  const auto code = Esys_TR_SetAuth(context_, object, &authorization);
  OPENSSL_cleanse(&authorization, sizeof authorization);
  return check(code, "take an authorization value");
}

Held::~Held() {
  if (object_ == ESYS_TR_NONE) return;
  if (kind_ == Kind::kTransient) {
    Esys_FlushContext(context_, object_);
  } else {
    Esys_TR_Close(context_, &object_);
  }
}

Result<std::vector<Handle>> handles_from(const Esys& esys, Handle first) {
  std::vector<Handle> out;
  TPMI_YES_NO more = TPM2_YES;
  while (more == TPM2_YES) {
    EsysPtr<TPMS_CAPABILITY_DATA> found;
    const Handle next = out.empty() ? first : out.back() + 1;
    const auto code = Esys_GetCapability(esys.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, next,
                                         TPM2_MAX_CAP_HANDLES, &more, tpm::out(found));
    if (auto good = check(code, "list what is in it"); !good) return std::unexpected(good.error());
    const TPML_HANDLE& list = found->data.handles;
    if (list.count == 0) break;
    out.insert(out.end(), list.handle, list.handle + list.count);
  }
  return out;
}

Result<bool> exists(const Esys& esys, Handle handle) {
  const auto all = handles_from(esys, handle);
  if (!all) return std::unexpected(all.error());
  return !all->empty() && all->front() == handle;
}

Result<Held> find(const Esys& esys, Handle handle) {
  const auto there = exists(esys, handle);
  if (!there) return std::unexpected(there.error());
  if (!*there) return fail(ErrorCode::kNotFound, fmt::format("Nothing stands at 0x{:08X} of the TPM.", handle));
  ESYS_TR object = ESYS_TR_NONE;
  const auto code = Esys_TR_FromTPMPublic(esys.get(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object);
  if (auto good = check(code, fmt::format("read what stands at 0x{:08X}", handle)); !good) {
    return std::unexpected(good.error());
  }
  return Held(esys, object, Held::Kind::kPersistent);
}

Result<Bytes> read_public(const Esys& esys, const Held& key) {
  EsysPtr<TPM2B_PUBLIC> found;
  const auto code =
      Esys_ReadPublic(esys.get(), key.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out(found), nullptr, nullptr);
  if (auto good = check(code, "read a public key"); !good) return std::unexpected(good.error());
  return to_octets(*found);
}

Result<Bytes> to_octets(const TPM2B_PUBLIC& key) {
  std::array<std::uint8_t, sizeof key> buffer{};
  std::size_t size = 0;
  const auto code = Tss2_MU_TPM2B_PUBLIC_Marshal(&key, buffer.data(), buffer.size(), &size);
  if (auto good = check(code, "write a public key"); !good) return std::unexpected(good.error());
  return Bytes(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
}

}  // namespace muster::tpm

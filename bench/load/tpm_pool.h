#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "crypto/private_key.h"
#include "crypto/tpm/test_tpm.h"

namespace muster::bench {

using crypto::tpm::testing::SoftTpm;
using Tpms = std::vector<std::unique_ptr<SoftTpm>>;

/// TPMs of a run, shared by many devices: an RSA-2048 key takes long to make, and to the service each device is
/// another one whatever its keys are.
inline constexpr std::size_t kTpms = 16;

namespace detail {

inline std::string key_file(std::size_t number, std::string_view role) {
  return fmt::format("tpm-{}-{}.key", number, role);
}

inline Result<crypto::tpm::testing::TpmKey> read_tpm_key(const std::filesystem::path& file, std::string_view made_by) {
  constexpr std::size_t kMaxPem = 8192;
  auto pem = read_file(file, kMaxPem);
  if (!pem) return std::unexpected(pem.error());
  auto key = crypto::PrivateKey::from_pem(*pem);
  wipe(*pem);
  if (!key) return std::unexpected(key.error());
  crypto::require(EVP_PKEY_up_ref(key->native()), "one more reference");
  return crypto::tpm::testing::TpmKey(crypto::tpm::testing::template_named(made_by),
                                      crypto::tpm::testing::NativeKey(key->native()));
}

}  // namespace detail

/// Writes the private keys of kTpms TPMs into `folder`.
inline Result<void> write_tpms(const std::filesystem::path& folder) {
  for (std::size_t i = 0; i < kTpms; ++i) {
    for (const std::string_view role : {"ek", "srk"}) {
      const auto key = crypto::PrivateKey::generate_rsa(2048);
      if (!key) return std::unexpected(key.error());
      auto pem = key->to_pem();
      if (!pem) return std::unexpected(pem.error());
      auto written = write_file(folder / detail::key_file(i, role), *pem, FileAccess::kOwner);
      wipe(*pem);
      if (!written) return written;
    }
  }
  return {};
}

inline Result<Tpms> read_tpms(const std::filesystem::path& folder) {
  Tpms out;
  for (std::size_t i = 0; i < kTpms; ++i) {
    auto ek = detail::read_tpm_key(folder / detail::key_file(i, "ek"), "TCG L-1");
    if (!ek) return std::unexpected(ek.error());
    auto srk = detail::read_tpm_key(folder / detail::key_file(i, "srk"), "TCG SRK RSA");
    if (!srk) return std::unexpected(srk.error());
    out.push_back(std::make_unique<SoftTpm>(std::move(*ek), std::move(*srk)));
  }
  return out;
}

}  // namespace muster::bench

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/temporary_folder.h"
#include "crypto/issue.h"
#include "crypto/sealing.h"
#include "store/store.h"

namespace muster::store {

inline constexpr TimePoint kNow{std::chrono::microseconds(1'768'472'430'123'456)};
inline const InstanceId kInstance = "0ne0000000a";

/// A folder of its own with the place for a database.
class DatabaseFolder : public TemporaryFolder {
 public:
  [[nodiscard]] std::filesystem::path database() const { return path() / "muster.db"; }
};

/// The same key for every use, and one for "somebody else's".
std::shared_ptr<const crypto::Sealer> test_sealer();
std::shared_ptr<const crypto::Sealer> other_sealer();

/// Self-signed; each call makes another one.
crypto::Certificate make_certificate(const std::string& common_name);
model::EnrolledCertificate enrolled(const crypto::Certificate& certificate);

SecretBytes secret(std::string_view text);
model::InstanceConfig make_config(const InstanceId& id, const std::string& name);
Enrollment individual(const std::string& id, model::Attestation attestation);
Enrollment group(const std::string& id, model::Attestation attestation);
model::SymmetricKeyAttestation keys(std::string_view primary, std::string_view secondary);
model::Operation make_operation(const std::string& id, const std::string& registration_id, const Enrollment& entry);
model::Registration make_record(const std::string& registration_id, const Enrollment& entry);
model::HubDevice make_device(const std::string& device_id, model::HubCredential credential);

/// A change that stores `value` whatever there was.
template <class T>
Change<T> put(T value) {
  return [value = std::move(value)](const T*) -> Result<T> { return value; };
}

template <class T>
Check<T> allow() {
  return [](const T&) -> Result<void> { return {}; };
}

/// What the store shares, to be compared by value.
template <class T>
std::optional<T> copy_of(const std::shared_ptr<const T>& shared) {
  return shared ? std::optional<T>(*shared) : std::nullopt;
}

/// Puts an enrollment and waits.
Result<Enrollment> put_enrollment(Store& store, const Enrollment& value);

}  // namespace muster::store

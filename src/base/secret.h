#pragma once

#include "base/bytes.h"

namespace muster {

/// Octets that are wiped when they are dropped and that no formatter or stream can print.
class SecretBytes {
 public:
  SecretBytes() = default;
  /// Takes the octets over; the caller's vector is left empty.
  explicit SecretBytes(Bytes&& bytes) : bytes_(std::move(bytes)) {}
  explicit SecretBytes(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(const SecretBytes&) = default;
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  SecretBytes& operator=(const SecretBytes& other);
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes() { wipe(); }

  /// The octets, for the cryptographic call that needs them. Valid while this object lives unchanged.
  [[nodiscard]] ByteView reveal() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  /// In constant time for equal lengths.
  bool operator==(const SecretBytes& other) const;

 private:
  void wipe();

  Bytes bytes_;
};

/// Overwrites a text that held a secret, so that it does not stay in freed memory.
void wipe(std::string& text);

}  // namespace muster

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace muster::server {

/// A file that is read or written piece by piece. Failures are kInternal and name the path and the system's reason.
struct OpenFile {
  std::filesystem::path path;
  Descriptor descriptor;

  static Result<OpenFile> open_to_read(const std::filesystem::path& path);
  /// Mode 0600; what was there goes.
  static Result<OpenFile> create(const std::filesystem::path& path);

  [[nodiscard]] Result<std::uint64_t> size() const;
  /// As many octets as there are from `offset` on, up to the size of `out`.
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const;
  [[nodiscard]] Result<void> write_at(std::uint64_t offset, ByteView octets) const;
  [[nodiscard]] Result<void> make_durable() const;

 private:
  [[nodiscard]] std::unexpected<Error> failed(std::string_view what) const;
};

}  // namespace muster::server

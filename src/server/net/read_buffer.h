#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace muster::server {

/// One TLS record's worth, shared by all connections of a thread: what is read moves to its connection at once, before
/// anything waits.
inline std::span<std::uint8_t> read_buffer() {
  thread_local std::array<std::uint8_t, std::size_t{16} * 1024> t_buffer;
  return t_buffer;
}

}  // namespace muster::server

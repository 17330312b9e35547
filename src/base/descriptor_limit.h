#pragma once

#include <cstddef>

namespace muster {

/// Lets the process open as many files as the system allows it at most; how many that are.
std::size_t raise_descriptor_limit();

}  // namespace muster

#pragma once

#include "muster/command.h"

namespace muster::cli {

/// The verb `device connect`.
void add_device_connect(CLI::App& noun, Selection& selection);

}  // namespace muster::cli

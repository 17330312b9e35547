#pragma once

namespace muster::wire {

/// Whether a text that is read record by record may go on behind its last octet.
enum class TextEnd {
  kFinal,    ///< it is all there is
  kMayGrow,  ///< an unfinished record at its end waits for more
};

}  // namespace muster::wire

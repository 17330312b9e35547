#pragma once

#include <functional>
#include <span>
#include <vector>

#include "crypto/certificate.h"

namespace muster::crypto {

/// One certificate of a path and where it came from.
struct PathStep {
  const Certificate* certificate = nullptr;
  bool from_peer = false;
  bool anchor = false;
};

/// Leaf first.
using Path = std::vector<PathStep>;

/// What paths are made of; all of it outlives the search.
struct PathSources {
  const Certificate& leaf;
  std::span<const Certificate> presented;
  std::span<const Certificate> known;
  std::span<const Certificate> anchors;
};

enum class Visit { kContinue, kStop };

/// What the search saw besides complete paths.
struct SearchOutcome {
  Path longest_dead_end;  ///< leaf first; empty when every branch ended at an anchor
  bool cut_by_length = false;
  bool cut_by_effort = false;  ///< hostile input: so many ways that not all of them were tried
};

/// Offers every path from the leaf to an anchor to `visit`, the most promising first, until it says kStop.
/// Links are made by name and key identifiers; where several certificates fit, only those whose key verifies the
/// signature are followed, so a rolled CA with an unchanged name and a foreign CA of that name are told apart.
/// The effort is bounded whatever the peer sends.
SearchOutcome search_paths(const PathSources& sources, TimePoint now, std::size_t max_certificates,
                           const std::function<Visit(const Path&)>& visit);

}  // namespace muster::crypto

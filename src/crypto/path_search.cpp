#include "crypto/path_search.h"

#include <algorithm>
#include <iterator>

#include "crypto/issuing.h"

namespace muster::crypto {
namespace {

// A path of eight certificates needs seven steps; crossed CAs multiply that. Beyond these figures only hostile input
// goes.
constexpr int kMaxSteps = 256;
constexpr int kMaxSignatureChecks = 64;

bool contains(std::span<const Certificate> list, const Certificate& certificate) {
  return std::ranges::find(list, certificate) != list.end();
}

class PathSearch {
 public:
  PathSearch(const PathSources& sources, TimePoint now, std::size_t max_certificates,
             const std::function<Visit(const Path&)>& visit)
      : sources_(sources), now_(now), max_certificates_(max_certificates), visit_(visit) {}

  SearchOutcome run() {
    path_.push_back({&sources_.leaf, true, contains(sources_.anchors, sources_.leaf)});
    extend();
    return std::move(outcome_);
  }

 private:
  Visit extend() {
    if (path_.back().anchor) return visit_(path_);
    const std::vector<PathStep> issuers = next_steps();
    if (issuers.empty()) note_dead_end();
    for (const PathStep& issuer : issuers) {
      if (steps_left_-- == 0) {
        outcome_.cut_by_effort = true;
        note_dead_end();
        return Visit::kStop;
      }
      path_.push_back(issuer);
      const Visit verdict = extend();
      path_.pop_back();
      if (verdict == Visit::kStop) return verdict;
    }
    return Visit::kContinue;
  }

  std::vector<PathStep> next_steps() {
    const Certificate& certificate = *path_.back().certificate;
    if (looks_self_signed(certificate)) return {};
    std::vector<PathStep> steps = candidates(certificate);
    if (!steps.empty() && path_.size() >= max_certificates_) {
      outcome_.cut_by_length = true;
      return {};
    }
    // A single candidate is followed without a check: its signature is checked once, when the path is judged.
    if (steps.size() > 1) {
      std::erase_if(steps, [&](const PathStep& step) { return !verified(certificate, *step.certificate); });
      steps = best_first(steps);
    }
    return steps;
  }

  /// Each certificate once, that of an anchor rather than the same one sent by the peer: it is parsed and cached.
  std::vector<PathStep> candidates(const Certificate& certificate) {
    std::vector<PathStep> found;
    for (const std::span<const Certificate> list : {sources_.anchors, sources_.presented, sources_.known}) {
      for (const Certificate& issuer : list) {
        if (!names_issuer(certificate, issuer) || is_used(path_, issuer) || is_used(found, issuer)) continue;
        found.push_back({&issuer, contains(sources_.presented, issuer), contains(sources_.anchors, issuer)});
      }
    }
    return found;
  }

  static bool is_used(const Path& steps, const Certificate& certificate) {
    return std::ranges::any_of(steps, [&](const PathStep& step) { return *step.certificate == certificate; });
  }

  bool verified(const Certificate& certificate, const Certificate& issuer) {
    const auto known = std::ranges::find_if(checks_, [&](const SignatureCheck& check) {
      return check.certificate == &certificate && check.issuer == &issuer;
    });
    if (known != checks_.end()) return known->good;
    if (checks_.size() >= kMaxSignatureChecks) {
      outcome_.cut_by_effort = true;
      return false;
    }
    checks_.push_back({&certificate, &issuer, is_signed_by(certificate, issuer)});
    return checks_.back().good;
  }

  [[nodiscard]] Path best_first(const Path& steps) const {
    Path ordered;
    for (const int wanted : {3, 2, 1, 0}) {
      std::ranges::copy_if(steps, std::back_inserter(ordered), [&](const PathStep& s) { return rank(s) == wanted; });
    }
    return ordered;
  }

  /// Paths that are in date and end soon are tried first.
  [[nodiscard]] int rank(const PathStep& step) const {
    const bool in_date = step.certificate->not_before() <= now_ && now_ <= step.certificate->not_after();
    return (in_date ? 2 : 0) + (step.anchor ? 1 : 0);
  }

  void note_dead_end() {
    if (path_.size() > outcome_.longest_dead_end.size()) outcome_.longest_dead_end = path_;
  }

  struct SignatureCheck {
    const Certificate* certificate;
    const Certificate* issuer;
    bool good;
  };

  const PathSources& sources_;
  TimePoint now_;
  std::size_t max_certificates_;
  const std::function<Visit(const Path&)>& visit_;
  Path path_;
  std::vector<SignatureCheck> checks_;
  int steps_left_ = kMaxSteps;
  SearchOutcome outcome_;
};

}  // namespace

SearchOutcome search_paths(const PathSources& sources, TimePoint now, std::size_t max_certificates,
                           const std::function<Visit(const Path&)>& visit) {
  return PathSearch(sources, now, max_certificates, visit).run();
}

}  // namespace muster::crypto

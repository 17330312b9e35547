#include "server/api/import_run.h"

#include <algorithm>
#include <utility>

#include <boost/json/monotonic_resource.hpp>
#include <fmt/format.h>

#include "model/enrollment_members.h"
#include "model/json.h"
#include "server/api/linked_hubs_check.h"

namespace muster::server {
namespace {

using model::Enrollment;
using model::ImportDocument;

/// Lines that are handled before other connections of the thread get their turn: about a millisecond.
constexpr std::size_t kSlice = 256;
/// Octets that the members of a slice usually take.
constexpr std::size_t kScratch = 384UL * 1024;
/// How often a line is made anew because somebody else changed its entry meanwhile.
constexpr int kMaxRounds = 5;

}  // namespace

Task<Result<ImportReport>> ImportRun::run(ImportDocument& document) {
  if (auto taken = co_await take_document(document); !taken) co_return std::unexpected(taken.error());
  if (auto written = co_await write(); !written) co_return std::unexpected(written.error());
  for (int round = 1; !again_.empty() && round < kMaxRounds; ++round) {
    const std::vector<Line> lines = std::exchange(again_, {});
    if (auto taken = co_await take_again(document, lines); !taken) co_return std::unexpected(taken.error());
    if (auto written = co_await write(); !written) co_return std::unexpected(written.error());
  }
  for (const Line& line : again_) {
    const auto members = document.read_again(line.text);
    const auto id =
        members ? model::required_string(*members, model::id_member(settings_.kind)) : Result<std::string_view>("");
    fail_line(line, std::string(id.value_or("")), {ErrorCode::kConflict, "Is being changed by others; try again."});
  }
  std::ranges::sort(report_.failures, {}, &ImportFailure::line);
  co_return std::move(report_);
}

Task<Result<void>> ImportRun::take_document(ImportDocument& document) {
  const auto scratch = std::make_unique_for_overwrite<unsigned char[]>(kScratch);
  entries_.reserve(std::min(document.most_records(), kMaxLines));
  std::size_t count = 0;
  for (bool more = true; more;) {
    // What is read of a slice goes all at once, behind the last use of it.
    boost::json::monotonic_resource arena(scratch.get(), kScratch);
    std::vector<ReadLine> slice;
    for (std::size_t i = 0; i < kSlice && more; ++i) {
      auto record = document.next(&arena);
      more = record.has_value();
      if (!record) break;
      if (++count > kMaxLines) {
        co_return invalid(fmt::format("More than {} lines; send them in several requests.", kMaxLines));
      }
      note_read(slice, {record->line, record->text}, std::move(record->members));
    }
    if (auto applied = co_await apply_slice(std::move(slice), Knowledge::kProbe); !applied) co_return applied;
  }
  co_return Result<void>();
}

Task<Result<void>> ImportRun::take_again(const ImportDocument& document, const std::vector<Line>& lines) {
  for (std::size_t begin = 0; begin < lines.size(); begin += kSlice) {
    std::vector<ReadLine> slice;
    for (std::size_t i = begin; i < std::min(begin + kSlice, lines.size()); ++i) {
      note_read(slice, lines[i], document.read_again(lines[i].text));
    }
    if (auto applied = co_await apply_slice(std::move(slice), Knowledge::kLookUp); !applied) co_return applied;
  }
  co_return Result<void>();
}

void ImportRun::note_read(std::vector<ReadLine>& slice, Line line, Result<boost::json::object> members) {
  if (!members) return fail_line(line, {}, std::move(members).error());
  const auto id = model::required_string(*members, model::id_member(settings_.kind));
  if (!id) return fail_line(line, {}, id.error());
  slice.push_back({line, *std::move(members), std::string(*id)});
}

Task<Result<void>> ImportRun::apply_slice(std::vector<ReadLine> slice, Knowledge knowledge) {
  if (slice.empty()) co_return Result<void>();
  auto stored = co_await look_up(slice, knowledge);
  if (!stored) co_return std::unexpected(stored.error());
  const bool looked_up = !stored->empty();
  for (std::size_t i = 0; i < slice.size(); ++i) {
    const std::string key = model::id_key(slice[i].id);
    const auto newest = newest_.find(key);
    std::optional<Enrollment> current;
    if (newest != newest_.end()) {
      current = entries_[newest->second].value;  // a line before this one writes the same entry
    } else if (looked_up) {
      current = std::move((*stored)[i]);
    }
    auto next = make(slice[i], current);
    if (!next && !looked_up && newest == newest_.end()) {
      // It may be right for an entry that is there, such as a certificate that is only named by its thumbprint.
      auto found = co_await store_.find_enrollment(settings_.config->instance.id, settings_.kind, slice[i].id);
      if (!found) co_return std::unexpected(found.error());
      if (*found) {
        current = **found;
        next = make(slice[i], current);
      }
    }
    note_made(slice[i], key, std::move(current), std::move(next));
  }
  co_await Yield();
  co_return Result<void>();
}

void ImportRun::note_made(ReadLine& line, const std::string& key, std::optional<Enrollment> current,
                          Result<std::optional<Enrollment>> next) {
  if (!next) return fail_line(line.line, std::move(line.id), std::move(next).error());
  const auto newest = newest_.find(key);
  if (*next) {
    newest_.insert_or_assign(key, entries_.size());
    entries_.emplace_back(**std::move(next), std::move(current));
    entry_lines_.push_back(line.line);
  } else if (newest != newest_.end()) {
    satisfied_.emplace_back(line.line, newest->second);
  } else {
    ++report_.unchanged;
  }
}

/// What is stored for the lines, in their places; empty when they are taken for new.
Task<Result<ImportRun::Stored>> ImportRun::look_up(const std::vector<ReadLine>& slice, Knowledge knowledge) {
  const model::InstanceId& instance = settings_.config->instance.id;
  if (knowledge == Knowledge::kProbe) {
    auto first = co_await store_.find_enrollment(instance, settings_.kind, slice.front().id);
    if (!first) co_return std::unexpected(first.error());
    if (!*first) co_return Stored();
  }
  std::vector<std::string> ids;
  ids.reserve(slice.size());
  for (const ReadLine& line : slice) ids.push_back(line.id);
  co_return co_await store_.find_enrollments(instance, settings_.kind, std::move(ids));
}

/// nullopt: nothing to write.
Result<std::optional<Enrollment>> ImportRun::make(const ReadLine& line, const std::optional<Enrollment>& current) {
  const Enrollment* stored = current ? &*current : nullptr;
  auto next = model::apply_import(settings_.kind, line.members, stored, settings_.mode, settings_.at, random_);
  if (!next || !*next) return next;
  if (auto linked = check_hubs_linked(**next, stored, *settings_.config); !linked) {
    return std::unexpected(linked.error());
  }
  return next;
}

Task<Result<void>> ImportRun::write() {
  std::vector<bool> creates;
  std::vector<std::string> ids;
  creates.reserve(entries_.size());
  ids.reserve(entries_.size());
  for (const auto& entry : entries_) {
    creates.push_back(entry.current == nullptr);
    ids.push_back(entry.value.id);
  }
  const std::vector<Line> lines = std::exchange(entry_lines_, {});
  const auto satisfied = std::exchange(satisfied_, {});
  newest_.clear();
  auto outcomes =
      co_await store_.import_enrollments(settings_.config->instance.id, settings_.kind, std::exchange(entries_, {}));
  if (!outcomes) co_return std::unexpected(outcomes.error());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto& outcome = (*outcomes)[i];
    if (outcome) {
      ++(creates[i] ? report_.created : report_.updated);
    } else if (outcome.error().code == ErrorCode::kPreconditionFailed) {
      again_.push_back(lines[i]);
    } else {
      fail_line(lines[i], std::move(ids[i]), std::move(outcome).error());
    }
  }
  for (const auto& [line, entry] : satisfied) {
    if ((*outcomes)[entry]) {
      ++report_.unchanged;
    } else {
      again_.push_back(line);
    }
  }
  std::ranges::sort(again_, {}, &Line::number);
  co_return Result<void>();
}

void ImportRun::fail_line(const Line& line, std::string id, Error error) {
  report_.failures.push_back({line.number, std::move(id), std::move(error)});
}

}  // namespace muster::server

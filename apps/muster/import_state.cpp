#include "muster/import_state.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "model/json.h"

namespace muster::cli {
namespace {

constexpr std::size_t kMaxStateSize = 4096;

std::unexpected<Error> not_understood(const std::filesystem::path& path) {
  return invalid(
      fmt::format("{} is not the state of an import; delete it and import without --resume.", path.string()));
}

/// Reads members that must all be there and, where they are counts, not negative.
class StateReader {
 public:
  explicit StateReader(const boost::json::object& object) : object_(object) {}

  std::uint64_t count(std::string_view member) {
    const std::int64_t value = number(member);
    if (value < 0) fine_ = false;
    return static_cast<std::uint64_t>(value);
  }
  std::int64_t number(std::string_view member) {
    const auto value = model::optional_int(object_, member);
    if (!value || !*value) fine_ = false;
    return value ? value->value_or(0) : 0;
  }
  std::string text(std::string_view member) {
    const auto value = model::required_string(object_, member);
    if (!value) fine_ = false;
    return std::string(value.value_or(""));
  }
  [[nodiscard]] bool fine() const { return fine_; }

 private:
  const boost::json::object& object_;
  bool fine_ = true;
};

}  // namespace

std::filesystem::path state_path(const std::filesystem::path& file) {
  std::filesystem::path path = file;
  path += ".import-state";
  return path;
}

Result<ImportState> describe_file(const std::filesystem::path& file) {
  std::error_code failed;
  ImportState state;
  if (!std::filesystem::is_regular_file(file, failed)) return invalid(fmt::format("Cannot open {}.", file.string()));
  state.file_size = std::filesystem::file_size(file, failed);
  if (failed) return invalid(fmt::format("Cannot open {}: {}", file.string(), failed.message()));
  const auto modified = std::filesystem::last_write_time(file, failed);
  if (failed) return invalid(fmt::format("Cannot open {}: {}", file.string(), failed.message()));
  state.file_modified = std::chrono::nanoseconds(modified.time_since_epoch()).count();
  return state;
}

Result<std::optional<ImportState>> read_state(const std::filesystem::path& path) {
  const auto text = muster::read_file(path, kMaxStateSize);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (!text) return invalid(text.error().message);
  const auto object = model::parse_json_object(*text);
  if (!object) return not_understood(path);
  StateReader reader(*object);
  ImportState state{.task = reader.text("task"),
                    .file_size = reader.count("fileSize"),
                    .file_modified = reader.number("fileModified"),
                    .done = {.offset = reader.count("offset"), .line = reader.count("line")},
                    .totals = {.created = reader.count("created"),
                               .updated = reader.count("updated"),
                               .unchanged = reader.count("unchanged"),
                               .failed = reader.count("failed")}};
  if (!reader.fine()) return not_understood(path);
  return state;
}

Result<void> write_state(const std::filesystem::path& path, const ImportState& state) {
  const boost::json::object object{{"task", state.task},
                                   {"fileSize", state.file_size},
                                   {"fileModified", state.file_modified},
                                   {"offset", state.done.offset},
                                   {"line", state.done.line},
                                   {"created", state.totals.created},
                                   {"updated", state.totals.updated},
                                   {"unchanged", state.totals.unchanged},
                                   {"failed", state.totals.failed}};
  return write_file(path, boost::json::serialize(object) + "\n", FileAccess::kOwner);
}

Result<void> check_resumable(const ImportState& then, const ImportState& now) {
  if (then.task != now.task) return invalid("The import that was cut off was another one; import without --resume.");
  if (then.file_size != now.file_size || then.file_modified != now.file_modified) {
    return invalid("The file has changed since its import was cut off; import without --resume.");
  }
  return {};
}

}  // namespace muster::cli

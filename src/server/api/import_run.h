#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/task.h"
#include "model/import_document.h"
#include "model/instance.h"
#include "store/store.h"

namespace muster::server {

/// A line that did not go in.
struct ImportFailure {
  std::size_t line;
  std::string id;  ///< empty when the line names none
  Error error;
};

/// What became of the lines of one import.
struct ImportReport {
  std::size_t created = 0;
  std::size_t updated = 0;
  std::size_t unchanged = 0;
  std::vector<ImportFailure> failures;  ///< in the order of the lines
};

/// Carries out one import document in one transaction of the store, line by line in their order, each for itself.
///
/// A new file names entries that are not there, a file that is imported again names entries that are, and looking each
/// of them up would cost the former as much as writing it. So a slice of lines is taken for new until the look-up of
/// its first one says otherwise, and every write states what it was made of: where that proves wrong, the line is made
/// anew from what is stored. Lives for one run.
class ImportRun {
 public:
  struct Settings {
    std::shared_ptr<const model::InstanceConfig> config;
    model::EnrollmentKind kind;
    model::ImportMode mode;
    TimePoint at;
  };

  /// Most lines of one document.
  static constexpr std::size_t kMaxLines = 10'000;

  /// What is passed in outlives the run.
  ImportRun(store::Store& store, Random& random, Settings settings)
      : store_(store), random_(random), settings_(std::move(settings)) {}

  /// `document` outlives the call. An error is one of the whole document, of which nothing was written then.
  Task<Result<ImportReport>> run(model::ImportDocument& document);

 private:
  struct Line {
    std::size_t number;
    std::string_view text;
  };
  struct ReadLine {
    Line line;
    boost::json::object members;
    std::string id;  ///< empty when it names none
  };
  enum class Knowledge { kProbe, kLookUp };
  using Stored = std::vector<std::optional<model::Enrollment>>;

  Task<Result<void>> take_document(model::ImportDocument& document);
  Task<Result<void>> take_again(const model::ImportDocument& document, const std::vector<Line>& lines);
  Task<Result<void>> apply_slice(std::vector<ReadLine> slice, Knowledge knowledge);
  Task<Result<Stored>> look_up(const std::vector<ReadLine>& slice, Knowledge knowledge);
  Result<std::optional<model::Enrollment>> make(const ReadLine& line, const std::optional<model::Enrollment>& current);
  void note_made(ReadLine& line, const std::string& key, std::optional<model::Enrollment> current,
                 Result<std::optional<model::Enrollment>> next);
  Task<Result<void>> write();
  void fail_line(const Line& line, std::string id, Error error);
  void note_read(std::vector<ReadLine>& slice, Line line, Result<boost::json::object> members);

  store::Store& store_;
  Random& random_;
  Settings settings_;
  ImportReport report_;

  // Of the round that is under way: entries to be written, with the lines that made them in the same places.
  std::vector<store::ImportEntry> entries_;
  std::vector<Line> entry_lines_;
  std::unordered_map<std::string, std::size_t> newest_;  ///< id_key to its last entry
  std::vector<std::pair<Line, std::size_t>> satisfied_;  ///< lines that an entry of the round makes come true
  std::vector<Line> again_;                              ///< lines whose entry was not what they were made of
};

}  // namespace muster::server

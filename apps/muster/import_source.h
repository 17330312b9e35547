#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/import_document.h"

namespace muster::cli {

/// Where a file has been read to: octets from its beginning, and the number of the line there.
struct ImportPosition {
  std::uint64_t offset = 0;
  std::size_t line = 1;

  bool operator==(const ImportPosition&) const = default;
};

/// A part of the file that one request carries.
struct ImportChunk {
  std::size_t index = 0;  ///< 0, 1, 2, ... in the order of the file
  std::size_t first_line = 1;
  std::size_t records = 0;
  std::string body;                   ///< whole records, behind the header when the file has one
  std::vector<std::size_t> too_long;  ///< lines of records that no request can carry; they are not in the body
  ImportPosition end;                 ///< of the part within the file
};

/// Cuts a file of any length into requests, between records, holding no more than one of them in memory.
class ImportSource {
 public:
  struct Limits {
    std::size_t octets =
        768UL * 1024;  ///< of a body; below the service's limit of 1 MiB, and enough for one transaction
    std::size_t records = 5000;
  };

  /// Reads the header of a CSV. `in` outlives the source. kInvalidArgument when there is no readable header.
  static Result<ImportSource> open(std::istream& in, model::TransferFormat format, Limits limits);

  /// Goes on at a position that an earlier run reached. kInvalidArgument when the file does not reach so far.
  Result<void> skip_to(const ImportPosition& position);

  /// The next part; nullopt at the end of the file. kInvalidArgument when it cannot be read.
  Result<std::optional<ImportChunk>> next();

 private:
  ImportSource(std::istream& in, model::TransferFormat format, Limits limits)
      : in_(&in), format_(format), limits_(limits) {}

  Result<void> fill();
  Result<void> read_header();
  Result<void> drop_line();
  void take_octets(std::size_t count);
  bool take_records(ImportChunk& chunk);
  template <class Reader>
  bool take_records(Reader reader, ImportChunk& chunk);

  std::istream* in_;
  model::TransferFormat format_;
  Limits limits_;
  std::string header_;  ///< with its line end; empty when the format has none
  std::string buffer_;  ///< what has been read and not been given out
  bool at_end_ = false;
  ImportPosition position_;  ///< of the beginning of the buffer
  std::size_t next_index_ = 0;
};

}  // namespace muster::cli

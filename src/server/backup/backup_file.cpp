#include "server/backup/backup_file.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/file.h"
#include "crypto/digest.h"

namespace muster::server {
namespace {

constexpr std::string_view kMagic = "MUSTER-BACKUP ";
/// One digit of format, as long as there are less than ten.
constexpr std::size_t kFirstLine = kMagic.size() + 1 + 1 + 64 + 1;
constexpr std::size_t kLongestHeader = std::size_t{256} * 1024;
constexpr std::size_t kPiece = std::size_t{1} << 20U;

std::string first_line(const crypto::Sha256& sha256) {
  return fmt::format("{}{} {}\n", kMagic, kBackupFormat, hex_lower(sha256));
}

/// Feeds the octets from `begin` on piece by piece.
template <class Take>
Result<void> for_each_piece(const OpenFile& file, std::uint64_t begin, std::uint64_t size, std::string_view step,
                            const BackupProgress& progress, Take take) {
  Bytes piece(std::min<std::uint64_t>(kPiece, size));
  for (std::uint64_t done = 0; done < size;) {
    progress(step, done, size);
    const std::size_t wanted = std::min<std::uint64_t>(piece.size(), size - done);
    const auto got = file.read_at(begin + done, std::span(piece).first(wanted));
    if (!got) return std::unexpected(got.error());
    if (*got != wanted) return fail(ErrorCode::kInternal, file.path.string() + ": is shorter than it was.");
    if (Result<void> taken = take(ByteView(piece).first(wanted)); !taken) return taken;
    done += wanted;
  }
  progress(step, size, size);
  return {};
}

/// Appends to a backup and keeps its checksum.
class Appender {
 public:
  explicit Appender(const OpenFile& file) : file_(file) {}

  Result<void> append(ByteView octets) {
    sha256_.update(octets);
    const std::uint64_t at = offset_;
    offset_ += octets.size();
    return file_.write_at(at, octets);
  }
  Result<void> append(const BackupContent& content, std::uint64_t size, const BackupProgress& progress) {
    if (const auto* secret = std::get_if<SecretBytes>(&content)) return append(secret->reveal());
    const auto source = OpenFile::open_to_read(std::get<std::filesystem::path>(content));
    if (!source) return std::unexpected(source.error());
    return for_each_piece(*source, 0, size, "writing", progress, [this](ByteView piece) { return append(piece); });
  }
  /// The checksum goes to the place that was left for it.
  Result<void> finish() { return file_.write_at(0, as_bytes(first_line(sha256_.finish()))); }

 private:
  const OpenFile& file_;
  crypto::Sha256Stream sha256_;
  std::uint64_t offset_ = kFirstLine;
};

Result<std::uint64_t> size_of(const BackupContent& content) {
  if (const auto* secret = std::get_if<SecretBytes>(&content)) return secret->size();
  const auto file = OpenFile::open_to_read(std::get<std::filesystem::path>(content));
  if (!file) return std::unexpected(file.error());
  return file->size();
}

Result<void> write_all(const OpenFile& part, const BackupHeader& header,
                       const std::vector<std::pair<std::string, BackupContent>>& entries,
                       const BackupProgress& progress) {
  Appender appender(part);
  if (auto done = appender.append(as_bytes(write_backup_header(header) + "\n")); !done) return done;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (auto done = appender.append(entries[i].second, header.entries[i].size, progress); !done) return done;
  }
  if (auto done = appender.finish(); !done) return done;
  return part.make_durable();
}

/// The checksum that the first line states. `text` is what the file begins with.
Result<crypto::Sha256> read_first_line(std::string_view text, const std::string& name) {
  if (!text.starts_with(kMagic)) return invalid(name + ": is not a backup of Muster.");
  const std::string_view rest = text.substr(kMagic.size());
  int format = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), format);
  if (error == std::errc() && format > kBackupFormat) {
    return fail(ErrorCode::kUnsupported, fmt::format("{}: has backup format {}; this program knows formats up to {}.",
                                                     name, format, kBackupFormat));
  }
  const auto sha256 = text.size() == kFirstLine ? from_hex(text.substr(kMagic.size() + 2, 64)) : std::nullopt;
  const bool exact = sha256 && format == kBackupFormat && *end == ' ' && text.back() == '\n';
  if (!exact) return fail(ErrorCode::kInternal, name + ": is damaged: its first line cannot be read.");
  crypto::Sha256 out{};
  std::ranges::copy(*sha256, out.begin());
  return out;
}

}  // namespace

Result<void> write_backup_file(const std::filesystem::path& file, BackupHeader header,
                               const std::vector<std::pair<std::string, BackupContent>>& entries,
                               const BackupProgress& progress) {
  header.entries.clear();
  for (const auto& [name, content] : entries) {
    const auto size = size_of(content);
    if (!size) return std::unexpected(size.error());
    header.entries.push_back({name, *size});
  }
  const std::filesystem::path part = file.string() + ".part";
  const auto created = OpenFile::create(part);
  if (!created) return std::unexpected(created.error());
  auto written = write_all(*created, header, entries, progress);
  std::error_code error;
  if (written) {
    std::filesystem::rename(part, file, error);
    if (!error) return sync_folder(file.has_parent_path() ? file.parent_path() : ".");
    written = fail(ErrorCode::kInternal, fmt::format("{}: cannot be made: {}", file.string(), error.message()));
  }
  std::filesystem::remove(part, error);
  return written;
}

Result<BackupFile> BackupFile::open(const std::filesystem::path& path, const BackupProgress& progress) {
  auto file = OpenFile::open_to_read(path);
  if (!file) return std::unexpected(file.error());
  const auto size = file->size();
  if (!size) return std::unexpected(size.error());
  Bytes begin(std::min<std::uint64_t>(*size, kFirstLine + kLongestHeader));
  if (auto got = file->read_at(0, begin); !got) return std::unexpected(got.error());
  const std::string_view text = as_text(begin);
  const auto stated = read_first_line(text.substr(0, kFirstLine), path.string());
  if (!stated) return std::unexpected(stated.error());

  crypto::Sha256Stream sha256;
  auto read =
      for_each_piece(*file, kFirstLine, *size - kFirstLine, "checking", progress, [&](ByteView piece) -> Result<void> {
        sha256.update(piece);
        return {};
      });
  if (!read) return std::unexpected(read.error());
  if (sha256.finish() != *stated) {
    return fail(ErrorCode::kInternal, path.string() + ": is damaged: its checksum does not match.");
  }
  const auto line_end = text.find('\n', kFirstLine);
  auto header = read_backup_header(text.substr(kFirstLine, line_end - kFirstLine));
  if (!header) return fail(header.error().code, path.string() + ": " + header.error().message, header.error().detail);
  std::uint64_t payload_size = 0;
  for (const BackupEntry& entry : header->entries) payload_size += std::min(entry.size, *size);
  if (line_end == std::string_view::npos || line_end + 1 + payload_size != *size) {
    return fail(ErrorCode::kInternal, path.string() + ": is damaged: its parts do not add up.");
  }
  return BackupFile(std::move(*file), std::move(*header), line_end + 1);
}

std::uint64_t BackupFile::offset_of(const BackupEntry& entry) const {
  std::uint64_t offset = payload_;
  for (const BackupEntry& other : header_.entries) {
    if (other.name == entry.name) break;
    offset += other.size;
  }
  return offset;
}

Result<SecretBytes> BackupFile::read(const BackupEntry& entry, std::size_t limit) const {
  if (entry.size > limit)
    return fail(ErrorCode::kTooLarge, fmt::format("{}: {} is too large.", file_.path.string(), entry.name));
  Bytes octets(entry.size);
  const auto got = file_.read_at(offset_of(entry), octets);
  SecretBytes out(std::move(octets));
  if (!got) return std::unexpected(got.error());
  return out;
}

Result<void> BackupFile::extract(const BackupEntry& entry, const std::filesystem::path& target,
                                 const BackupProgress& progress) const {
  const auto file = OpenFile::create(target);
  if (!file) return std::unexpected(file.error());
  std::uint64_t offset = 0;
  auto copied = for_each_piece(file_, offset_of(entry), entry.size, "restoring", progress, [&](ByteView piece) {
    const std::uint64_t at = offset;
    offset += piece.size();
    return file->write_at(at, piece);
  });
  return copied ? file->make_durable() : copied;
}

}  // namespace muster::server

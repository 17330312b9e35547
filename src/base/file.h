#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster {

/// Who may read a file that we make.
enum class FileAccess {
  kEveryone,  ///< mode 0644
  kOwner,     ///< mode 0600, for anything secret
};

/// The content of a regular file of at most `limit` octets. kNotFound when there is none, kTooLarge, or kInternal with
/// the system's reason; the message names the path.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

/// Replaces a file as a whole: written beside it, made durable, then renamed over it, so that a crash leaves the old or
/// the new content and never a part. kInternal with the system's reason.
Result<void> write_file(const std::filesystem::path& path, std::string_view content, FileAccess access);

/// Makes durable which files stand in a folder. kInternal with the system's reason.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace muster

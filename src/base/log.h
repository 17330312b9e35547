#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace muster {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

/// One named fact of a log line. Never a secret.
using LogField = std::pair<std::string_view, std::string>;

/// Sets what is written to standard error from now on. Called once by main.
void configure_log(LogLevel least, LogFormat format);

/// Whether lines of this level are written; what is costly to tell is not worth its making otherwise.
bool is_logged(LogLevel level);

/// Writes one line: time, level, event ("registration.refused"), fields in order. Values are escaped, so a peer cannot
/// forge a line. Thread-safe.
void log(LogLevel level, std::string_view event, std::span<const LogField> fields);

inline void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  log(level, event, std::span(fields.begin(), fields.size()));
}
inline void log_debug(std::string_view event, std::initializer_list<LogField> fields) {
  log(LogLevel::kDebug, event, fields);
}
inline void log_info(std::string_view event, std::initializer_list<LogField> fields) {
  log(LogLevel::kInfo, event, fields);
}
inline void log_warning(std::string_view event, std::initializer_list<LogField> fields) {
  log(LogLevel::kWarning, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<LogField> fields) {
  log(LogLevel::kError, event, fields);
}

/// The line that log() would write, without the end of line; for tests.
std::string format_log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view event,
                            std::span<const LogField> fields);

}  // namespace muster

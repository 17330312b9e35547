#include "base/log.h"

#include <atomic>
#include <iterator>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/quoted.h"

namespace muster {
namespace {

constexpr std::size_t kUsualLineSize = 1024;

std::atomic<LogFormat> g_format{LogFormat::kText};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("muster", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

/// Octets outside printable ASCII become \u00xx, so that the line stays one valid line whatever a peer sends.
void append_value(std::string& out, std::string_view value) {
  append_quoted(out, value, [](char c) { return c == '"' || c == '\\' || c < 0x20 || c >= 0x7f; });
}

bool is_plain(std::string_view value) {
  if (value.empty()) return false;
  for (char c : value) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=') return false;
  }
  return true;
}

}  // namespace

void configure_log(LogLevel least, LogFormat format) {
  g_format = format;
  logger().set_level(to_spdlog(least));
}

std::string format_log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view event,
                            std::span<const LogField> fields) {
  std::string line;
  if (format == LogFormat::kJson) {
    line = fmt::format(R"({{"time":"{}","level":"{}","event":)", time, name(level));
    append_value(line, event);
    for (const auto& [key, value] : fields) {
      line.push_back(',');
      append_value(line, key);
      line.push_back(':');
      append_value(line, value);
    }
    line.push_back('}');
    return line;
  }
  line.reserve(kUsualLineSize);
  fmt::format_to(std::back_inserter(line), "{} {:7} {}", time, name(level), event);
  for (const auto& [key, value] : fields) {
    line.append(" ").append(key).append("=");
    if (is_plain(value)) {
      line += value;
    } else {
      append_value(line, value);
    }
  }
  return line;
}

bool is_logged(LogLevel level) {
  return logger().should_log(to_spdlog(level));
}

void log(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  if (!is_logged(level)) return;
  logger().log(to_spdlog(level), format_log_line(g_format, format_time(SystemClock().now()), level, event, fields));
  if (level == LogLevel::kError) logger().flush();
}

}  // namespace muster

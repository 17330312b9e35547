#include "server/metrics/process_metrics.h"

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "server/metrics/samples.h"

namespace muster::server {
namespace {

std::string read_proc(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The fields of /proc/self/stat that count here (proc(5)).
struct ProcessStat {
  double user_ticks = 0;
  double system_ticks = 0;
  double threads = 0;
  double start_ticks = 0;  ///< after the boot
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::optional<ProcessStat> read_stat() {
  const std::string text = read_proc("/proc/self/stat");
  // The second field is the program's name in parentheses and may hold anything.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  const auto skip = [&](int count) {
    while (count-- > 0) fields >> skipped;
  };
  ProcessStat stat;
  skip(11);  // fields 3 to 13
  fields >> stat.user_ticks >> stat.system_ticks;
  skip(4);  // 16 to 19
  fields >> stat.threads;
  skip(1);  // 21
  fields >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages;
  if (!fields) return std::nullopt;
  return stat;
}

std::optional<double> boot_time() {
  const std::string text = read_proc("/proc/stat");
  const auto line = text.find("\nbtime ");
  if (line == std::string::npos) return std::nullopt;
  std::int64_t seconds = 0;
  const char* begin = text.data() + line + 7;
  if (std::from_chars(begin, text.data() + text.size(), seconds).ec != std::errc()) return std::nullopt;
  return static_cast<double>(seconds);
}

std::optional<double> open_descriptors() {
  std::error_code error;
  double count = 0;
  for (auto entry = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++count;
  }
  if (error) return std::nullopt;
  return count;
}

prometheus::MetricFamily gauge(std::string name, std::string help, double value) {
  return gauge_samples(std::move(name), std::move(help)).add(value).take();
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
  std::vector<prometheus::MetricFamily> out;
  if (const auto stat = read_stat()) {
    const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page_size = static_cast<double>(::sysconf(_SC_PAGESIZE));
    out.push_back(counter_samples("process_cpu_seconds_total", "User and system time")
                      .add((stat->user_ticks + stat->system_ticks) / ticks_per_second)
                      .take());
    out.push_back(gauge("process_resident_memory_bytes", "Memory in RAM", stat->resident_pages * page_size));
    out.push_back(gauge("process_virtual_memory_bytes", "Address space", stat->virtual_bytes));
    out.push_back(gauge("process_threads", "Threads", stat->threads));
    if (const auto boot = boot_time()) {
      out.push_back(gauge("process_start_time_seconds", "Start, seconds since 1970",
                          *boot + stat->start_ticks / ticks_per_second));
    }
  }
  if (const auto open = open_descriptors()) {
    out.push_back(gauge("process_open_fds", "File descriptors in use", *open));
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out.push_back(gauge("process_max_fds", "File descriptors at most", static_cast<double>(limit.rlim_cur)));
  }
  return out;
}

}  // namespace muster::server

#include <exception>
#include <iostream>
#include <thread>

#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "muster/program.h"
#include "muster/serve.h"

int main(int argc, char** argv) {
  using namespace muster::cli;
  try {
    const muster::SystemClock clock;
    muster::SystemRandom random;
    const Program program{
        .out = std::cout,
        .err = std::cerr,
        .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
        .environment = process_environment(),
        .clock = clock,
        .random = random,
        .sleep = [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); },
        .make_send = make_http_send,
        .open_tls = connect_tls,
        .machine = this_machine,
        .serve = serve,
        .backup = [&](const auto& options,
                      const auto& progress) { return muster::server::create_backup(options, clock, random, progress); },
        .restore = [&](const auto& options,
                       const auto& progress) { return muster::server::restore_backup(options, random, progress); }};
    return run(argc, argv, program);
  } catch (const std::exception& error) {
    std::cerr << "muster: " << error.what() << '\n';
    return static_cast<int>(ExitCode::kRefused);
  }
}

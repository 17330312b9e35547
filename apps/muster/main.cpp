#include <exception>
#include <iostream>
#include <thread>

#include <unistd.h>

#include "base/clock.h"
#include "muster/program.h"
#include "muster/serve.h"

int main(int argc, char** argv) {
  using namespace muster::cli;
  try {
    const muster::SystemClock clock;
    const Program program{.out = std::cout,
                          .err = std::cerr,
                          .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
                          .environment = process_environment(),
                          .clock = clock,
                          .sleep = [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); },
                          .make_send = make_http_send,
                          .machine = this_machine,
                          .serve = serve};
    return run(argc, argv, program);
  } catch (const std::exception& error) {
    std::cerr << "muster: " << error.what() << '\n';
    return static_cast<int>(ExitCode::kRefused);
  }
}

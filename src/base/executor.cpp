#include "base/executor.h"

namespace muster {
namespace {

thread_local Executor* t_current = nullptr;

}  // namespace

Executor* Executor::current() {
  return t_current;
}

Executor::CurrentGuard::CurrentGuard(Executor& executor) : previous_(t_current) {
  t_current = &executor;
}

Executor::CurrentGuard::~CurrentGuard() {
  t_current = previous_;
}

}  // namespace muster

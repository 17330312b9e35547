#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace muster {

/// A map of bounded size that keeps what was put or found lately: of the keys used last at least `capacity`, at most
/// twice as many. Two generations: when the young one is full it becomes the old one, and what was old is forgotten.
/// Single owner, not thread-safe.
template <class Value>
class RecentMap {
 public:
  explicit RecentMap(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}

  /// Null: not there. Valid until the next call.
  Value* find(std::string_view key) {
    if (const auto found = young_.find(key); found != young_.end()) return &found->second;
    const auto found = old_.find(key);
    if (found == old_.end()) return nullptr;
    auto node = old_.extract(found);
    make_room();
    return &young_.insert(std::move(node)).position->second;
  }

  /// Adds or replaces.
  Value& put(std::string_view key, Value value) {
    if (Value* found = find(key)) return *found = std::move(value);
    make_room();
    return young_.emplace(key, std::move(value)).first->second;
  }

  void erase(std::string_view key) {
    for (Entries* entries : {&young_, &old_}) {
      if (const auto found = entries->find(key); found != entries->end()) entries->erase(found);
    }
  }

  void clear() {
    young_.clear();
    old_.clear();
  }

  [[nodiscard]] std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Entries = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  void make_room() {
    if (young_.size() >= capacity_) old_ = std::exchange(young_, {});
  }

  const std::size_t capacity_;
  Entries young_;
  Entries old_;
};

}  // namespace muster

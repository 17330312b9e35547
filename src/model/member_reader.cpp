#include "model/member_reader.h"

#include "model/json.h"

namespace muster::model {

void DocumentFault::report(std::string path, std::string_view what) {
  if (message_) return;
  message_ = std::move(path);
  message_->append(": ").append(what);
}

template <class T>
T MemberReader::keep(Result<T> read) const {
  if (read) return *std::move(read);
  // The message of json.h already begins with the member's name.
  const std::string& message = read.error().message;
  const auto colon = message.find(": ");
  fault_->report(path_of(message.substr(0, colon)), message.substr(colon + 2));
  return T{};
}

bool MemberReader::has(std::string_view member) const {
  const auto* value = object_->if_contains(member);
  return value != nullptr && !value->is_null();
}

std::optional<std::string_view> MemberReader::text(std::string_view member) const {
  return keep(optional_string(*object_, member));
}

std::string MemberReader::text_or_empty(std::string_view member) const {
  return std::string(text(member).value_or(std::string_view()));
}

std::string MemberReader::required_text(std::string_view member) const {
  std::string value = text_or_empty(member);
  if (value.empty()) reject(member, "is required");
  return value;
}

std::optional<bool> MemberReader::flag(std::string_view member) const {
  return keep(optional_bool(*object_, member));
}

bool MemberReader::required_flag(std::string_view member) const {
  const auto value = flag(member);
  if (!value) reject(member, "is required");
  return value.value_or(false);
}

std::int64_t MemberReader::required_number(std::string_view member) const {
  const auto value = keep(optional_int(*object_, member));
  if (!value) reject(member, "is required");
  return value.value_or(0);
}

const boost::json::object* MemberReader::object(std::string_view member) const {
  return keep(optional_object(*object_, member));
}

const boost::json::array* MemberReader::array(std::string_view member) const {
  return keep(optional_array(*object_, member));
}

std::optional<MemberReader> MemberReader::child(std::string_view member) const {
  const boost::json::object* inner = object(member);
  if (inner == nullptr) return std::nullopt;
  return MemberReader(*inner, *fault_, path_of(member));
}

void MemberReader::reject(std::string_view member, std::string_view what) const {
  fault_->report(path_of(member), what);
}

std::string MemberReader::path_of(std::string_view member) const {
  return path_.empty() ? std::string(member) : path_ + '.' + std::string(member);
}

}  // namespace muster::model

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/result.h"

namespace muster::model {

/// The first thing found wrong in a document. Readers of all its objects share one, so that a function can read every
/// member in a row and ask once at the end.
class DocumentFault {
 public:
  /// Keeps the first call's path and text only.
  void report(std::string path, std::string_view what);
  [[nodiscard]] bool found() const { return message_.has_value(); }
  /// The fault as an error, "path: what". Only when found().
  [[nodiscard]] Error to_error(ErrorCode code) const { return Error{code, *message_}; }

 private:
  std::optional<std::string> message_;
};

/// Reads the members of one JSON object, knowing its path in the document. A member that is null counts as absent
/// (service-api.md 0); one of another type is reported to the fault and read as absent.
///
/// Holds references: the object and the fault must outlive it.
class MemberReader {
 public:
  MemberReader(const boost::json::object& object, DocumentFault& fault) : object_(&object), fault_(&fault) {}

  [[nodiscard]] bool has(std::string_view member) const;
  [[nodiscard]] std::optional<std::string_view> text(std::string_view member) const;
  /// The text, or the empty text when absent.
  [[nodiscard]] std::string text_or_empty(std::string_view member) const;
  /// Absence and the empty text are reported.
  [[nodiscard]] std::string required_text(std::string_view member) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view member) const;
  /// Absence is reported.
  [[nodiscard]] bool required_flag(std::string_view member) const;
  /// Absence is reported.
  [[nodiscard]] std::int64_t required_number(std::string_view member) const;
  [[nodiscard]] const boost::json::object* object(std::string_view member) const;
  [[nodiscard]] const boost::json::array* array(std::string_view member) const;
  /// A reader of the object in a member.
  [[nodiscard]] std::optional<MemberReader> child(std::string_view member) const;

  /// Reports a member whose value is wrong.
  void reject(std::string_view member, std::string_view what) const;
  /// Reports the error of a check of a member.
  void reject(std::string_view member, const Error& error) const { reject(member, error.message); }
  /// "attestation.tpm" for the member "tpm" of the object at "attestation".
  [[nodiscard]] std::string path_of(std::string_view member) const;

 private:
  MemberReader(const boost::json::object& object, DocumentFault& fault, std::string path)
      : object_(&object), fault_(&fault), path_(std::move(path)) {}
  template <class T>
  T keep(Result<T> read) const;

  const boost::json::object* object_;
  DocumentFault* fault_;
  std::string path_;
};

}  // namespace muster::model

#include "crypto/certificate_fields.h"

#include <ctime>

#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

// UTF-8 stays readable: only what RFC 2253 calls special and control characters are escaped.
constexpr unsigned long kNameFlags = (ASN1_STRFLGS_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB)) |
                                     XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | XN_FLAG_DUMP_UNKNOWN_FIELDS;

struct OpensslText {
  void operator()(void* text) const { OPENSSL_free(text); }
};

}  // namespace

std::string read_common_name(const X509* certificate) {
  const ErrorQueueGuard guard;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  const std::unique_ptr<unsigned char, OpensslText> owned(text);
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  return name.find('\0') == std::string::npos ? name : std::string();
}

std::optional<std::string> read_name(const X509_NAME* name) {
  const ErrorQueueGuard guard;
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(bio != nullptr, "no memory for a name");
  if (X509_NAME_entry_count(name) > 0 && X509_NAME_print_ex(bio.get(), name, 0, kNameFlags) < 0) return std::nullopt;
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size <= 0 ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

std::optional<TimePoint> read_time(const ASN1_TIME* time) {
  const ErrorQueueGuard guard;
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(parts.tm_year + 1900),
                                         std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                         std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  if (!date.ok()) return std::nullopt;
  return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

std::string read_serial_number(const X509* certificate) {
  const BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  const std::unique_ptr<char, OpensslText> digits(number ? BN_bn2hex(number.get()) : nullptr);
  if (!digits) return {};
  std::string text = digits.get();
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  const std::size_t first = text.find_first_not_of('0', sign);
  if (first == std::string::npos) return "0";
  text.erase(sign, first - sign);
  return text;
}

}  // namespace muster::crypto

#include "server/backup/backup_header.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "model/json.h"

namespace muster::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostEntries = 1000;
constexpr std::array<std::pair<KeyProtection, std::string_view>, 3> kProtections{
    {{KeyProtection::kLeftOut, "left-out"},
     {KeyProtection::kPlain, "plain"},
     {KeyProtection::kPassphrase, "passphrase"}}};

std::unexpected<Error> damaged(std::string what) {
  return fail(ErrorCode::kInternal, "The backup's header is damaged.", std::move(what));
}

/// Only these are ever made, and none of them leads out of the folder.
bool is_entry_name(std::string_view name) {
  if (name == "muster.db" || name == "master.key") return true;
  constexpr std::string_view kTls = "tls/";
  if (!name.starts_with(kTls)) return false;
  name.remove_prefix(kTls.size());
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  };
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, plain);
}

std::optional<std::uint64_t> number(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value->get_int64());
}

std::string_view text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

Result<std::vector<BackupEntry>> read_entries(const json::object& header) {
  const auto* value = header.if_contains("entries");
  if (value == nullptr || !value->is_array() || value->get_array().size() > kMostEntries) return damaged("entries");
  std::vector<BackupEntry> out;
  for (const json::value& item : value->get_array()) {
    if (!item.is_object()) return damaged("entry");
    const auto size = number(item.get_object(), "size");
    const std::string_view name = text(item.get_object(), "name");
    const bool twice = std::ranges::any_of(out, [&](const BackupEntry& entry) { return entry.name == name; });
    if (!size || !is_entry_name(name) || twice) return damaged("entry");
    out.push_back({std::string(name), *size});
  }
  return out;
}

Result<void> read_scrypt(const json::object& header, BackupHeader& out) {
  const auto* value = header.if_contains("scrypt");
  if (value == nullptr || !value->is_object()) return damaged("scrypt");
  const json::object& scrypt = value->get_object();
  const auto n = number(scrypt, "n");
  const auto r = number(scrypt, "r");
  const auto p = number(scrypt, "p");
  auto salt = from_base64(text(scrypt, "salt"));
  if (!n || !r || !p || !salt || salt->empty()) return damaged("scrypt");
  out.cost = {*n, *r, *p};
  out.salt = std::move(*salt);
  return {};
}

}  // namespace

const BackupEntry* BackupHeader::find(std::string_view name) const {
  const auto found = std::ranges::find(entries, name, &BackupEntry::name);
  return found == entries.end() ? nullptr : &*found;
}

std::string write_backup_header(const BackupHeader& header) {
  json::array entries;
  for (const BackupEntry& entry : header.entries) entries.push_back({{"name", entry.name}, {"size", entry.size}});
  const auto* protection = std::ranges::find(kProtections, header.key, [](const auto& named) { return named.first; });
  json::object out{{"program", header.program},
                   {"schemaVersion", header.schema_version},
                   {"created", format_time(header.created)},
                   {"masterKey", protection->second}};
  if (header.key == KeyProtection::kPassphrase) {
    out["scrypt"] = {
        {"n", header.cost.n}, {"r", header.cost.r}, {"p", header.cost.p}, {"salt", to_base64(header.salt)}};
  }
  out["entries"] = std::move(entries);
  return json::serialize(out);
}

Result<BackupHeader> read_backup_header(std::string_view line) {
  const auto object = model::parse_json_object(line);
  if (!object) return damaged(object.error().message);
  BackupHeader out;
  out.program = text(*object, "program");
  const auto schema_version = number(*object, "schemaVersion");
  const auto created = parse_time(text(*object, "created"));
  const auto* protection =
      std::ranges::find(kProtections, text(*object, "masterKey"), [](const auto& named) { return named.second; });
  if (!schema_version || *schema_version > 1'000'000 || !created || protection == kProtections.end()) {
    return damaged("members");
  }
  out.schema_version = static_cast<int>(*schema_version);
  out.created = *created;
  out.key = protection->first;
  if (out.key == KeyProtection::kPassphrase) {
    if (auto scrypt = read_scrypt(*object, out); !scrypt) return std::unexpected(scrypt.error());
  }
  auto entries = read_entries(*object);
  if (!entries) return std::unexpected(entries.error());
  out.entries = std::move(*entries);
  const bool has_key = out.find("master.key") != nullptr;
  if (out.find("muster.db") == nullptr || has_key != (out.key != KeyProtection::kLeftOut)) return damaged("entries");
  return out;
}

}  // namespace muster::server

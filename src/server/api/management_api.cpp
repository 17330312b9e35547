#include "server/api/management_api.h"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "model/etag.h"
#include "model/json.h"
#include "server/api/management_path.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::CaCertificate;
using model::InstanceConfig;
using model::Right;

constexpr std::size_t kMaxCertificateName = 256;  // service-api.md 8.5
// What the tools are told when their call names no resource group.
constexpr std::string_view kResourceGroup = "muster";

/// What a certificate PUT carries, either at the top or in `properties` (service-api.md 8.5).
struct CertificateUpload {
  crypto::Certificate certificate;
  bool verified = false;
};

Result<CertificateUpload> read_upload(const json::object& body) {
  const auto properties = model::optional_object(body, "properties");
  if (!properties) return std::unexpected(properties.error());
  const json::object& source = *properties != nullptr ? **properties : body;
  const auto text = model::required_string(source, "certificate");
  if (!text) return std::unexpected(text.error());
  const auto verified = model::optional_bool(source, "isVerified");
  if (!verified) return std::unexpected(verified.error());
  auto certificate = crypto::Certificate::from_upload(*text);
  if (!certificate) return std::unexpected(certificate.error());
  return CertificateUpload{std::move(*certificate), verified->value_or(false)};
}

Result<void> check_certificate_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= kMaxCertificateName && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_';
  });
  if (!good) return invalid("A certificate name is 1 to 256 letters, digits, '-', '.' and '_'.");
  return {};
}

}  // namespace

std::vector<Route> ManagementApi::routes() {
  const auto route = [this](std::string method, std::vector<std::string> path,
                            Task<ApiResult> (ManagementApi::*handler)(const ApiCall&)) {
    return Route{std::move(method), std::move(path), Right::kServiceConfig,
                 [this, handler](const ApiCall& call) { return (this->*handler)(call); }};
  };
  return {
      route("GET", {"subscriptions", "{}", "providers", "Microsoft.Devices", "provisioningServices"},
            &ManagementApi::list_instances),
      route("GET", below_instance({}), &ManagementApi::get_instance),
      route("PUT", below_instance({}), &ManagementApi::put_instance),
      route("POST", below_instance({"listkeys"}), &ManagementApi::list_keys),
      route("POST", below_instance({"keys", "{}", "listkeys"}), &ManagementApi::list_keys),
      route("GET", below_instance({"certificates"}), &ManagementApi::list_certificates),
      route("GET", below_instance({"certificates", "{}"}), &ManagementApi::get_certificate),
      route("PUT", below_instance({"certificates", "{}"}), &ManagementApi::put_certificate),
      route("DELETE", below_instance({"certificates", "{}"}), &ManagementApi::delete_certificate),
  };
}

Task<LinkViews> ManagementApi::views(const InstanceConfig& config) {
  LinkViews out;
  for (const model::LinkedHub& hub : config.hubs) {
    if (hub.kind == model::HubKind::kLocal) continue;
    const auto left_behind = co_await parts_.store.count_hub_leftovers(config.instance.id, hub.host_name);
    out[hub.host_name] = {parts_.hubs.status(config.instance.id, hub), left_behind.value_or(0)};
  }
  co_return out;
}

Task<ApiResult> ManagementApi::list_instances(const ApiCall& call) {
  const std::string& subscription = call.arguments[0];
  const std::string id = instance_resource_id(subscription, kResourceGroup, call.config->instance.name);
  const LinkViews links = co_await views(*call.config);
  json::array value{instance_to_json(*call.config, id, subscription, kResourceGroup, links)};
  co_return json_response(200, json::serialize(json::object{{"value", std::move(value)}}));
}

Task<ApiResult> ManagementApi::get_instance(const ApiCall& call) {
  if (!names_instance(call)) co_return no_such_instance();
  const LinkViews links = co_await views(*call.config);
  const auto body =
      instance_to_json(*call.config, instance_resource_id(call), call.arguments[0], call.arguments[1], links);
  co_return json_response(200, json::serialize(body));
}

Task<ApiResult> ManagementApi::put_instance(const ApiCall& call) {
  if (!names_instance(call)) co_return no_such_instance();
  const auto properties = read_properties(call);
  if (!properties) co_return std::unexpected(properties.error());

  auto change = [this, properties = *properties,
                 match = if_match(call)](const InstanceConfig* current) -> Result<InstanceConfig> {
    if (current == nullptr) return fail(ErrorCode::kNotFound, "Instance not found.");
    if (!match.is_absent()) {  // without If-Match the control plane updates what is there
      if (auto matched = match.check_put(&current->instance.etag); !matched) return std::unexpected(matched.error());
    }
    auto next = apply_instance_put(*current, properties, parts_.max_hubs, parts_.random);
    if (next) next->instance.etag = model::make_etag(parts_.random);
    return next;
  };
  const model::InstanceId& instance = call.config->instance.id;
  if (auto changed = co_await parts_.store.change_instance(instance, std::move(change)); !changed) {
    co_return refuse(changed.error());
  }
  auto config = co_await parts_.store.config(instance);
  if (!config) co_return refuse(config.error());
  const LinkViews links = co_await views(**config);
  const auto answer =
      instance_to_json(**config, instance_resource_id(call), call.arguments[0], call.arguments[1], links);
  co_return json_response(200, json::serialize(answer));
}

Task<ApiResult> ManagementApi::list_keys(const ApiCall& call) {
  if (!names_instance(call)) co_return no_such_instance();
  if (call.arguments.size() > 3) {
    const auto* policy = call.config->find_policy(call.arguments[3]);
    if (policy == nullptr) co_return no_such("Policy");
    co_return json_response(200, json::serialize(policy_to_json(*policy)));
  }
  json::array value;
  for (const auto& policy : call.config->policies) value.push_back(policy_to_json(policy));
  co_return json_response(200, json::serialize(json::object{{"value", std::move(value)}}));
}

Task<ApiResult> ManagementApi::list_certificates(const ApiCall& call) {
  if (!names_instance(call)) co_return no_such_instance();
  const std::string id = instance_resource_id(call);
  json::array value;
  for (const auto& certificate : call.config->certificates) value.push_back(certificate_to_json(certificate, id));
  co_return json_response(200, json::serialize(json::object{{"value", std::move(value)}}));
}

Task<ApiResult> ManagementApi::get_certificate(const ApiCall& call) {
  if (!names_instance(call)) co_return no_such_instance();
  const auto* certificate = call.config->find_certificate(call.arguments[3]);
  if (certificate == nullptr) co_return no_such("Certificate");
  co_return json_response(200, json::serialize(certificate_to_json(*certificate, instance_resource_id(call))));
}

Task<ApiResult> ManagementApi::put_certificate(const ApiCall& call) {
  if (!names_instance(call)) co_return no_such_instance();
  const std::string& name = call.arguments[3];
  if (auto valid = check_certificate_name(name); !valid) co_return refuse(valid.error());
  auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse(body.error());
  auto upload = read_upload(*body);
  if (!upload) co_return refuse(upload.error());

  auto change = [this, name, upload = std::move(*upload), match = if_match(call),
                 at = call.at](const CaCertificate* current) -> Result<CaCertificate> {
    const std::string* etag = current != nullptr ? &current->etag : nullptr;
    if (auto matched = match.check_put(etag); !matched) return std::unexpected(matched.error());
    CaCertificate next{current != nullptr ? current->name : name,
                       upload.certificate,
                       upload.verified,
                       model::make_etag(parts_.random),
                       current != nullptr ? current->created : at,
                       at};
    // other bytes lose the verification that the former ones had.
    if (current != nullptr && current->verified && current->certificate == upload.certificate) next.verified = true;
    return next;
  };
  auto stored = co_await parts_.store.change_certificate(call.config->instance.id, name, std::move(change));
  if (!stored) co_return refuse(stored.error());
  co_return json_response(200, json::serialize(certificate_to_json(*stored, instance_resource_id(call))));
}

Task<ApiResult> ManagementApi::delete_certificate(const ApiCall& call) {
  if (!names_instance(call)) co_return no_such_instance();
  auto check = [match = if_match(call)](const CaCertificate& current) { return match.check_delete(current.etag); };
  auto removed =
      co_await parts_.store.remove_certificate(call.config->instance.id, call.arguments[3], std::move(check));
  if (!removed && removed.error().code == ErrorCode::kNotFound) co_return no_such("Certificate");
  if (!removed) co_return refuse(removed.error());
  co_return HttpResponse{200, {}, {}};
}

}  // namespace muster::server

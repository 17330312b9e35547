#pragma once

#include <vector>

#include "base/random.h"
#include "hub/azure_hubs.h"
#include "server/api/api_call.h"
#include "server/api/management_json.h"
#include "store/store.h"

namespace muster::server {

/// The instance, its linked hubs, policies and CA certificates in the resource tree of Azure's control plane
/// (service-api.md 8), on our own authentication: a policy with ServiceConfig. Subscription and resource group may be
/// any words. Thread-safe; what it refers to outlives it.
class ManagementApi {
 public:
  struct Parts {
    store::Store& store;
    Random& random;
    hub::AzureHubs& hubs;
    std::size_t max_hubs;  ///< linked hubs of an instance
  };

  explicit ManagementApi(Parts parts) : parts_(parts) {}

  [[nodiscard]] std::vector<Route> routes();

 private:
  Task<ApiResult> list_instances(const ApiCall& call);
  Task<ApiResult> get_instance(const ApiCall& call);
  Task<ApiResult> put_instance(const ApiCall& call);
  Task<ApiResult> list_keys(const ApiCall& call);
  Task<ApiResult> list_certificates(const ApiCall& call);
  Task<ApiResult> get_certificate(const ApiCall& call);
  Task<ApiResult> put_certificate(const ApiCall& call);
  Task<ApiResult> delete_certificate(const ApiCall& call);

  Task<LinkViews> views(const model::InstanceConfig& config);

  Parts parts_;
};

}  // namespace muster::server

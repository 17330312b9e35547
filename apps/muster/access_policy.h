#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/result.h"

namespace muster::cli {

/// What options give of a shared access policy (service-api.md 8.2).
struct PolicyOptions {
  std::string name = {};
  std::string hub = {};                           ///< host name of the hub whose policy it is; empty: the service's own
  std::vector<std::string> rights = {};           ///< empty: not given
  std::optional<std::string> primary_key = {};    ///< base64
  std::optional<std::string> secondary_key = {};  ///< base64
  std::optional<std::string> regenerate = {};     ///< "primary" or "secondary": a new key in its place
};

/// The members that the options give, to be sent to the service; a key that is made anew is in them. kInvalidArgument
/// for unknown rights and for a key that is both given and made anew.
Result<boost::json::object> given_policy(const PolicyOptions& options, Random& random);

/// The policies to be written, one more than are stored. Of the stored ones names and rights only: the service keeps
/// the keys that it is not given. kConflict when there is one of this name.
Result<boost::json::array> with_policy(const boost::json::array& stored, const boost::json::object& given);
/// The same with `given` over the policy of its name. kNotFound.
Result<boost::json::array> with_changed_policy(const boost::json::array& stored, const boost::json::object& given);
/// The same without the policy. kNotFound.
Result<boost::json::array> without_policy(const boost::json::array& stored, std::string_view name);

/// One policy by its name, in which letter case counts. kNotFound.
Result<boost::json::object> find_policy(const boost::json::array& stored, std::string_view name);

}  // namespace muster::cli

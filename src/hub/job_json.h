#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "model/hub_job.h"

namespace muster::hub {

// Jobs as clients write and read them (hub-api.md 7.1).

/// Reads a job that is to be, with the id of its path; its start is `now` when none is given. Everything that can be
/// known to be wrong before it runs is kInvalidArgument, and names the member.
Result<model::HubJob> read_job(const boost::json::object& body, const std::string& id, TimePoint now);

/// A JobResponse.
boost::json::object job_to_json(const model::HubJob& job);
/// A DeviceJob, one device of a job.
boost::json::object device_job_to_json(const model::DeviceJob& device);

}  // namespace muster::hub

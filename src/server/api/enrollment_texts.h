#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/recent_map.h"
#include "model/enrollment.h"
#include "model/registration.h"

namespace muster::server {

/// What the service API answers when somebody asks for an entry (service-api.md 3, 4): its JSON, an individual entry's
/// with the state of its device. Making it takes longer than all else that such a call needs, so the texts that were
/// asked for lately are kept, each as good as the very objects are the stored ones that it was made of. Holds no keys.
/// Thread-safe.
class EnrollmentTexts {
 public:
  /// `record`: null when the device never registered, and of groups.
  std::string text_of(const std::shared_ptr<const model::Enrollment>& entry,
                      const std::shared_ptr<const model::Registration>& record);

 private:
  struct Made {
    std::weak_ptr<const model::Enrollment> entry;  ///< does not keep the keys of an entry in memory
    std::weak_ptr<const model::Registration> record;
    std::string text;
  };

  std::mutex mutex_;            // protects made_
  RecentMap<Made> made_{1024};  ///< by the id of the entry; of entries that share an id the last one has the place
};

}  // namespace muster::server

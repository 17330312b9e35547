#include "server/api/enrollment_query.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "model/enrollment_json.h"
#include "model/json.h"
#include "server/api/enrollment_words.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::Enrollment;
using model::EnrollmentKind;

/// Entries read in one piece while searching: a few milliseconds of the thread's time.
constexpr std::size_t kPiece = 200;

Result<void> check_order(const std::vector<wire::OrderTerm>& order, std::string_view id_member) {
  if (order.empty()) return {};
  const wire::OrderTerm& first = order.front();
  // The id is unique, so further terms change nothing.
  if (first.member == wire::MemberPath{std::string(id_member)} && first.direction == wire::Direction::kAscending) {
    return {};
  }
  return invalid(wire::query_fault(first.column, fmt::format("ORDER BY {} ASC is the only order there is", id_member)));
}

class Search {
 public:
  Search(EnrollmentQuery query, std::size_t limit) : query_(std::move(query)), limit_(limit) {}

  /// Entries to read next; 0 when the page is as it shall be.
  [[nodiscard]] std::size_t piece() const {
    const std::size_t wanted = limit_ - page_.items.size();
    if (!query_.filter) return wanted;
    return wanted == 0 ? 0 : std::min(kPiece, kMaxScannedEntries - scanned_);
  }

  void look_at(const store::Page<Enrollment>& read) {
    page_.next = read.next;
    for (std::size_t i = 0; i < read.items.size(); ++i) {
      take(read.items[i]);
      if (page_.items.size() < limit_) continue;
      if (i + 1 < read.items.size()) page_.next = model::id_key(read.items[i].id);
      break;
    }
    scanned_ += read.items.size();
  }

  [[nodiscard]] const std::string& next() const { return page_.next; }
  [[nodiscard]] EnrollmentPage finish() { return std::move(page_); }

 private:
  void take(const Enrollment& enrollment) {
    json::object item = to_json(enrollment, model::EnrollmentView::kPublic);
    if (query_.filter && !query_.filter->matches(item)) return;
    page_.items.push_back(query_.select.empty() ? std::move(item) : model::select_members(item, query_.select));
  }

  const EnrollmentQuery query_;
  const std::size_t limit_;
  std::size_t scanned_ = 0;
  EnrollmentPage page_;
};

}  // namespace

Result<EnrollmentQuery> read_enrollment_query(const json::object& body, EnrollmentKind kind) {
  const auto text = model::required_string(body, "query");
  if (!text) return std::unexpected(text.error());
  auto query = wire::parse_query(wire::unwrap_printed_query(*text));
  if (!query) return std::unexpected(query.error());
  if (auto possible = check_order(query->order, enrollment_words(kind).id_member); !possible) {
    return std::unexpected(possible.error());
  }
  EnrollmentQuery out{.select = std::move(query->select), .filter = std::nullopt};
  if (query->where) out.filter.emplace(std::move(*query->where));
  return out;
}

Task<Result<EnrollmentPage>> run_enrollment_query(store::Store& store, model::InstanceId instance, EnrollmentKind kind,
                                                  EnrollmentQuery query, PageRequest page) {
  Search search(std::move(query), page.limit);
  std::string after = std::move(page.after);
  while (const std::size_t piece = search.piece()) {
    auto read = co_await store.list_enrollments(instance, kind, after, piece);
    if (!read) co_return std::unexpected(read.error());
    search.look_at(*read);
    if (search.next().empty()) break;
    after = search.next();
    if (search.piece() > 0) co_await Yield();
  }
  co_return search.finish();
}

}  // namespace muster::server

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "wire/query.h"

namespace muster::wire {
namespace {

void drop_front(MemberPath& member, const MemberPath& source) {
  if (member.size() <= source.size()) return;
  if (!std::equal(source.begin(), source.end(), member.begin(), equals_nocase)) return;
  member.erase(member.begin(), std::next(member.begin(), std::ssize(source)));
}

}  // namespace

void drop_source(Condition& condition, const MemberPath& source) {
  for (Condition& operand : condition.operands) drop_source(operand, source);
  drop_front(condition.test.member, source);
}

void drop_source(Query& query) {
  if (query.where) drop_source(*query.where, query.from);
  for (SelectedMember& selected : query.select) drop_front(selected.member, query.from);
  for (OrderTerm& term : query.order) drop_front(term.member, query.from);
}

}  // namespace muster::wire

// Imports of enrollments and groups as CSV: records, header, rows to entries, and exports of what they made.
#include "import_checks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = muster::as_text({data, size});
  muster::fuzz::import_text(muster::model::TransferFormat::kCsv, text);
  if (size == 0) return 0;
  muster::fuzz::cut_text<muster::wire::CsvReader>(text, data[size - 1] % size, [](auto& reader) {
    const auto found = reader.next();
    return !found || *found;
  });
  return 0;
}

// The [[rule.remedy]] tables of one rule.
#pragma once

#include "rules/document.h"
#include "rules/rule.h"
#include "rules/scoped_reader.h"

#include <span>
#include <vector>

namespace rules {

/// The remedies in order; what is wrong is reported.
std::vector<Remedy> read_remedies(std::span<const Node> tables, ScopedReader& scoped, Reporter& reporter);
std::vector<Myth> read_myths(std::span<const Node> tables, ScopedReader& scoped, Reporter& reporter);

} // namespace rules

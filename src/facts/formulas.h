// How facts follow from other facts of the same row, as expressions: `explain` shows them with the numbers of
// this host, and a test holds each against the model.
#pragma once

#include "facts/table.h"

#include <string_view>

namespace facts {

struct Formula {
    TableId table = TableId::host;
    std::string_view fact;
    std::string_view expression;
};

std::span<const Formula> formulas();

/// The expression of a fact; empty if it was counted and not computed.
std::string_view formula_of(TableId table, std::string_view fact);

} // namespace facts

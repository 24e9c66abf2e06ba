// Bars for where people would rather look than read.
#pragma once

#include <cstddef>
#include <string>

namespace render {

enum class Ink { unicode, ascii };

/// `part` of `whole` as a bar of at most `width` columns; what is not zero shows at least a sliver. No
/// padding.
std::string bar(double part, double whole, std::size_t width, Ink ink);

/// The same between brackets and padded: "[####    ]", `width` columns inside.
std::string gauge(double part, double whole, std::size_t width, Ink ink);

} // namespace render

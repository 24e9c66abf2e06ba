// The tables of the answers about ports and states, which the report for people shows as well.
#pragma once

#include "facts/answers.h"
#include "render/formats.h"

#include <ostream>
#include <vector>

namespace render {

/// Destinations in their order, with a gauge of port use where the terminal has room for it, and what the
/// marks mean. At least one destination.
void ports_table(std::ostream& out, const Style& style, const std::vector<facts::Destination>& rows);

/// The destinations of one namespace that somebody asked about: a table if there are several, the arithmetic
/// of the worst, and what connect() does from the others that fail or that routing would choose.
void asked_text(std::ostream& out, const Style& style, const facts::NetnsPorts& netns);
/// Were all sockets counted, or at least so many?
enum class Extent { whole, at_least };

/// Every state in its order with a bar, and their total; a state that was not counted shows "-".
void states_table(std::ostream& out, const Style& style, const std::vector<facts::StateCount>& states,
                  Extent extent);

/// The command that tells more than this text did; nothing where nothing is missing.
void next_time_text(std::ostream& out, const facts::NetnsStates& netns);

/// The same of a namespace, and what is wrong with its counts.
void counts_text(std::ostream& out, const Style& style, const facts::NetnsStates& netns);

} // namespace render

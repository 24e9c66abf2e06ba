// What every reader of a table of sockets promises, whatever the text is. Knows no format.
#pragma once

#include "base/result.h"
#include "replay/socket_list.h"

#include <functional>
#include <string_view>

namespace fuzz {

using TableReader = std::function<base::Result<replay::SocketList>(std::string_view)>;

/// Bounded memory; the sockets are those that were counted, the same at every walk, and come through a
/// capture unchanged; a part of a text that is whole does not pass for a whole one.
void check_table(std::string_view text, const TableReader& read);

} // namespace fuzz

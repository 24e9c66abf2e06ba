// The remote end of connections as an override names it. Knows nothing of sockets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rules {

/// ADDRESS or ADDRESS:PORT the way facts write it ("192.0.2.1:443", "[2001:db8::1]:443"); none if it is
/// neither.
std::optional<std::string> remote_as_shown(std::string_view text);

} // namespace rules

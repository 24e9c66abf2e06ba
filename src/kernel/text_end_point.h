// End points and names of states as tools print them. Knows no tool's columns.
#pragma once

#include "snapshot/address.h"
#include "snapshot/socket.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kernel {

/// "10.0.0.1:80", "[fe80::1]%eth0:80", "fe80::1%eth0:80", ":::80" and "*:*", taken apart but not judged.
struct TextEndPoint {
    std::string_view address; // without brackets and device
    std::string_view device;  // empty for none
    std::string_view port;
    bool brackets = false;
};
std::optional<TextEndPoint> split_end_point(std::string_view text);

/// A port, "*" for none.
std::optional<std::uint16_t> port_of(std::string_view text);

/// "TIME-WAIT", "TIME_WAIT", "ESTAB", "UNCONN": the state, whoever prints it.
std::optional<snapshot::State> state_named(std::string_view name);

/// Counts lines that make no sense and remembers what is wrong with the first.
class Complaints {
  public:
    void add(std::size_t line, std::string what);
    bool empty() const { return count_ == 0; }
    /// "line 7: ... (and 3 more)".
    std::string text() const;

  private:
    std::size_t count_ = 0;
    std::string first_;
};

} // namespace kernel

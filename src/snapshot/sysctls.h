// Sysctls by their dotted names, as the text that the kernel gave, with typed access that refuses to guess.
#pragma once

#include "snapshot/census.h"
#include "snapshot/counters.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapshot {

/// What is known about a sysctl before any host was asked (docs/kernel-model.md, 8).
struct SysctlInfo {
    enum class Kind { integer, integers, ports };
    std::string_view name; // "net.ipv4.tcp_tw_reuse"
    Kind kind = Kind::integer;
    std::size_t numbers = 1;        // how many, for `integers`
    std::string_view default_value; // as the kernel prints it; empty if it depends on the machine
    std::string_view unit;          // "s", "ms", "pages", "" ...
    bool per_netns = true;
    bool everywhere = false; // every supported kernel and every namespace has it: not seeing it is a failure
    std::string_view alias = {}; // another name of the same sysctl
};

/// Every sysctl that the program reads: the one list.
std::span<const SysctlInfo> known_sysctls();
/// By its name or its alias; null for others.
const SysctlInfo* find_sysctl(std::string_view name);

struct PortRange {
    std::uint16_t low = 0;
    std::uint16_t high = 0;
    std::uint32_t size() const { return static_cast<std::uint32_t>(high) - low + 1; }
    bool contains(std::uint16_t port) const { return port >= low && port <= high; }
};

class Sysctls {
  public:
    void set(std::string_view name, std::string_view text) {
        values_.insert_or_assign(std::string(name), Reading<std::string>(std::string(text)));
    }
    void set_gap(std::string_view name, base::Gap gap) {
        values_.insert_or_assign(std::string(name), Reading<std::string>(std::move(gap)));
    }

    /// The text without the final newline. A name that was never set is absent.
    Reading<std::string> text(std::string_view name) const;
    /// Exactly one integer; anything else in the file is `failed`.
    Reading<std::int64_t> integer(std::string_view name) const;
    /// Exactly `count` integers.
    Reading<std::vector<std::int64_t>> integers(std::string_view name, std::size_t count) const;
    /// net.ipv4.ip_local_port_range.
    Reading<PortRange> port_range() const;
    /// net.ipv4.ip_local_reserved_ports.
    Reading<PortSet> reserved_ports() const;

    /// Every known sysctl that was not read, or does not hold what it should; what is absent is left out.
    std::vector<base::Gap> unusable() const;

    /// These values, with those of `assumed` (name, text) in place of the kernel's.
    Sysctls assuming(const std::map<std::string, std::string>& assumed) const;

  private:
    std::map<std::string, Reading<std::string>, std::less<>> values_;
};

/// Would the kernel take `text` for this sysctl? For --assume.
bool well_formed(const SysctlInfo& info, std::string_view text);

/// What the kernel keeps when somebody writes `text` to this sysctl: it takes hexadecimal and octal numbers
/// and ignores what follows the last one after a blank. None if it refuses the text, or takes only some of
/// the numbers.
std::optional<std::string> as_kernel_takes(const SysctlInfo& info, std::string_view text);

} // namespace snapshot

// The counters and gauges of /proc/net that the model uses, by the kernel's own names. A counter that the
// kernel does not have is absent; a file that could not be read is a gap for each of its counters.
#pragma once

#include "base/gap.h"
#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace snapshot {

template <typename T>
using Reading = base::Result<T, base::Gap>;

/// Keys are "FILE.PREFIX.NAME": "netstat.TcpExt.ListenOverflows", "snmp.Tcp.CurrEstab",
/// "sockstat.TCP.orphan", "sockstat6.TCP6.inuse"; and "protocols.all.sockets" (the sum), "conntrack.count",
/// "conntrack.drop", "conntrack.insert_failed", "conntrack.early_drop", and of the whole
/// host "files.open", "files.max". Pages for sockstat.TCP.mem, else plain numbers.
class Counters {
  public:
    void set(std::string_view key, std::uint64_t value) { values_.insert_or_assign(std::string(key), value); }
    /// Every counter whose key starts with `prefix` and is not set has this reason.
    void set_gap(std::string_view prefix, base::Gap gap) {
        gaps_.insert_or_assign(std::string(prefix), std::move(gap));
    }

    /// A key that was neither set nor explained is absent.
    Reading<std::uint64_t> get(std::string_view key) const;

    const std::map<std::string, std::uint64_t, std::less<>>& values() const { return values_; }
    const std::map<std::string, base::Gap, std::less<>>& gaps() const { return gaps_; }

  private:
    std::map<std::string, std::uint64_t, std::less<>> values_;
    std::map<std::string, base::Gap, std::less<>> gaps_;
};

} // namespace snapshot

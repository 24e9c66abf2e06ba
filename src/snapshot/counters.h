// The counters and gauges of /proc that the program reads: which, in one list, and what one moment said of
// them. A counter that the kernel does not have is absent; a file that could not be read is a gap for each of
// its counters.
#pragma once

#include "base/gap.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace snapshot {

template <typename T>
using Reading = base::Result<T, base::Gap>;

/// Is the counter kept for later runs, which take its rate? The state file names those that are.
enum class Kept { no, for_rate };

struct CounterRow {
    std::string_view key; // "FILE.PREFIX.NAME", by the kernel's own names
    Kept kept = Kept::no;
};

inline constexpr auto counter_rows = std::to_array<CounterRow>({
    {"netstat.TcpExt.ListenDrops", Kept::for_rate},
    {"netstat.TcpExt.ListenOverflows", Kept::for_rate},
    {"netstat.TcpExt.PruneCalled", Kept::for_rate},
    {"netstat.TcpExt.SyncookiesSent", Kept::for_rate},
    {"netstat.TcpExt.TCPAbortOnMemory", Kept::for_rate},
    {"netstat.TcpExt.TCPAbortOnTimeout", Kept::for_rate},
    {"netstat.TcpExt.TCPReqQFullDrop", Kept::for_rate},
    {"netstat.TcpExt.TCPTimeWaitOverflow", Kept::for_rate},
    {"netstat.TcpExt.TWRecycled", Kept::for_rate},
    {"snmp.Tcp.ActiveOpens", Kept::for_rate},
    {"snmp.Tcp.AttemptFails"},
    {"snmp.Tcp.CurrEstab"},
    {"snmp.Tcp.EstabResets"},
    {"snmp.Tcp.OutSegs", Kept::for_rate},
    {"snmp.Tcp.PassiveOpens", Kept::for_rate},
    {"snmp.Tcp.RetransSegs", Kept::for_rate},
    {"sockstat.TCP.alloc"},
    {"sockstat.TCP.inuse"},
    {"sockstat.TCP.mem"}, // pages
    {"sockstat.TCP.orphan"},
    {"sockstat.TCP.tw"},
    {"sockstat.UDP.inuse"},
    {"sockstat.UDPLITE.inuse"},
    {"sockstat.RAW.inuse"},
    {"sockstat.FRAG.inuse"},
    {"sockstat.sockets.used"},
    {"sockstat6.TCP6.inuse"},
    {"sockstat6.UDP6.inuse"},
    {"sockstat6.UDPLITE6.inuse"},
    {"sockstat6.RAW6.inuse"},
    {"sockstat6.FRAG6.inuse"},
    {"protocols.all.sockets"}, // the sum of all protocols
    {"conntrack.count"},
    {"conntrack.drop", Kept::for_rate}, // of all CPUs, and so are the next two
    {"conntrack.insert_failed", Kept::for_rate},
    {"conntrack.early_drop", Kept::for_rate},
    {"files.open"}, // of the whole host
    {"files.max"},
});

/// One of `counter_rows`. A key that is none of them does not compile.
class Counter {
  public:
    consteval Counter(const char* key) : number(number_of(key)) {
        if (number == counter_rows.size()) {
            throw "no such counter"; // never compiled
        }
    }
    /// None if the program does not read it.
    static constexpr std::optional<Counter> find(std::string_view key) {
        const std::size_t number = number_of(key);
        return number < counter_rows.size() ? std::optional(Counter(number)) : std::nullopt;
    }
    /// Calls `visit` with each counter, in the order of the list.
    template <typename Visitor>
    static constexpr void for_each(Visitor&& visit) {
        for (std::size_t number = 0; number < counter_rows.size(); ++number) {
            visit(Counter(number));
        }
    }

    constexpr std::string_view key() const { return counter_rows[number].key; }
    constexpr bool is_kept() const { return counter_rows[number].kept == Kept::for_rate; }

    std::size_t number; // public, so that a counter can be the argument of a template

  private:
    explicit constexpr Counter(std::size_t place) : number(place) {}
    static constexpr std::size_t number_of(std::string_view key) {
        std::size_t number = 0;
        while (number < counter_rows.size() && counter_rows[number].key != key) {
            ++number;
        }
        return number;
    }
};

/// A number for each counter, where it is known.
class CounterValues {
  public:
    std::optional<std::uint64_t>& operator[](Counter counter) { return values_[counter.number]; }
    const std::optional<std::uint64_t>& operator[](Counter counter) const { return values_[counter.number]; }

  private:
    std::array<std::optional<std::uint64_t>, counter_rows.size()> values_;
};

class Counters {
  public:
    void set(Counter counter, std::uint64_t value) { values_[counter] = value; }
    /// Every counter whose key starts with `prefix` and is not set has this reason.
    void set_gap(std::string_view prefix, base::Gap gap) {
        gaps_.insert_or_assign(std::string(prefix), std::move(gap));
    }

    /// A counter that was neither set nor explained is absent.
    Reading<std::uint64_t> get(Counter counter) const;

    const std::map<std::string, base::Gap, std::less<>>& gaps() const { return gaps_; }

  private:
    CounterValues values_;
    std::map<std::string, base::Gap, std::less<>> gaps_;
};

/// TCP sockets that may be of this network namespace and are in no table of it (bound, not yet bound): an
/// upper limit of what a dump of bound sockets can find. From sockstat: less than `alloc`, which counts those
/// of all namespaces, and than `sockets: used`, which counts sockets of every family of this one.
Reading<std::uint64_t> sockets_outside_tables(const Counters& counters);

} // namespace snapshot

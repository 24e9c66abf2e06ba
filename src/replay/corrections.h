// From a sysctl to the line of a file that sets it, and what should stand there instead. Knows files of
// sysctls and the boot that they make; knows no findings.
#pragma once

#include "snapshot/host.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// The lines of each file, by its name; those of other files are named without their text.
using FileTexts = std::map<std::string, std::vector<std::string>>;

struct CorrectedLine {
    std::string file;
    std::size_t line = 0;  // counted from 1; 0: the line is missing
    std::string text;      // as it is; empty if that is not known
    std::string corrected; // what should stand there; empty if nobody but its author can say
};

constexpr std::string_view local_ports = "net.ipv4.ip_local_port_range";

/// One configuration with the texts of its files.
class Corrections {
  public:
    /// Both must outlive it. A line that is missing goes to the first file of the configuration, else to
    /// `drop_in`.
    Corrections(const snapshot::Netns& netns, const FileTexts& texts, std::string_view drop_in)
        : boot_(*netns.boot_sysctls), sysctls_(netns.sysctls), label_(netns.label), texts_(texts),
          drop_in_(drop_in) {}

    /// The one whose value a later line took away; none if none did.
    std::optional<CorrectedLine> outvoted(const std::string& name) const;
    /// The one that only sysctl(8) by hand would read.
    std::optional<CorrectedLine> by_hand(const std::string& name) const;
    /// The one that a boot does not take as it stands: with another name or value, or left out.
    std::optional<CorrectedLine> refused(const std::string& name) const;
    /// Those that are no assignments.
    std::vector<CorrectedLine> no_assignments() const;
    /// With this value; a new line if there is none.
    CorrectedLine with_value(const std::string& name, const std::string& value) const;
    /// Left out; none if there is none.
    std::optional<CorrectedLine> left_out(const std::string& name) const;

    /// Ports for connections as they are, from an even one to an odd one; above the ports of services, if
    /// `above_services`. Empty if no range is known.
    std::string better_range(bool above_services) const;
    bool sets(const std::string& name) const { return boot_.values.contains(name); }
    bool has_texts() const { return !texts_.empty(); }

  private:
    CorrectedLine line_at(const std::string& origin) const;
    /// The line that has the name, if the value stands on one of its own below it.
    CorrectedLine naming(CorrectedLine line, const std::string& name) const;
    /// From where ports are free for everybody; empty if none of the range are.
    std::string above_privileged(const std::string& range) const;
    /// Where a line of this configuration would be added.
    std::string own_file() const;

    const snapshot::BootSysctls& boot_;
    const snapshot::Sysctls& sysctls_;
    const std::string& label_;
    const FileTexts& texts_;
    std::string_view drop_in_;
};

} // namespace replay

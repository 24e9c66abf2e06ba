// From a report, or from an answer about states or ports, to text for one reader. Renderers are pure: they
// write to the stream they get, escape for their own reader, and choose neither state nor exit code.
#pragma once

#include "facts/picture.h"
#include "facts/ports.h"
#include "facts/states.h"
#include "findings/report.h"

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace render {

struct Style {
    bool color = false;
    bool unicode = true;
    int width = 80;    // columns
    int verbosity = 0; // -q is -1, -v 1, -vv 2
};

/// What every answer says of the run it comes from.
struct Origin {
    std::string host;
    std::string kernel;
    double time = 0; // seconds since the epoch
    std::vector<std::string> assumed =
        {}; // "net.ipv4.tcp_tw_reuse=1": sysctls that are not those of the host
};

/// The picture of the host is null where nobody wants one: audit, and most formats of check.
using ReportRenderer = void (*)(const findings::Report&, const facts::Picture*, const Style&, std::ostream&);

struct Format {
    std::string_view name;
    std::string_view sentence;
    ReportRenderer render;
};

/// The formats of a report: the one list.
std::span<const Format> formats();
const Format* find_format(std::string_view name);

void states_text(const Origin&, const std::vector<facts::NamespaceStates>&, const Style&, std::ostream&);
void states_json(const Origin&, const std::vector<facts::NamespaceStates>&, std::ostream&);

/// `one` says that a single destination was asked for: an equation instead of a table.
enum class PortsView { table, one };
void ports_text(const Origin&, const std::vector<facts::NamespacePorts>&, PortsView, const Style&,
                std::ostream&);
void ports_json(const Origin&, const std::vector<facts::NamespacePorts>&, std::ostream&);

/// {"schema":1,"error":{"message":...,"diagnostics":[...]}} with a newline.
void error_json(std::string_view message, const std::vector<std::string>& details, std::ostream&);

/// That message as a local check of Checkmk: one line.
void error_checkmk(std::string_view message, std::ostream&);

/// The one line that a monitoring system gets when the check itself failed: "TCP UNKNOWN: message".
void error_nagios(std::string_view message, const std::vector<std::string>& details, std::ostream&);

} // namespace render

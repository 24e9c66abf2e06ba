// From a report, from an answer about states or ports, or from what went wrong, to text for one reader: all
// that tells one format from another, a row each. Renderers are pure: they write to the stream they get,
// escape for their own reader, and choose neither state nor exit code.
#pragma once

#include "facts/answers.h"
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
    bool is_terminal = false;
};

/// What every answer says of the run it comes from.
struct Origin {
    std::string host;
    std::string kernel;
    double time = 0; // seconds since the epoch
    std::vector<std::string> assumed =
        {};                   // "net.ipv4.tcp_tw_reuse=1": sysctls that are not those of the host
    std::string version = {}; // of the program
};

/// Why there is no answer. Not yet safe for any reader.
struct Failure {
    std::string message;
    std::vector<std::string> details = {}; // diagnostics, a line or more each
};

/// `asked` says that somebody named the destination: will connect() work, and the arithmetic.
enum class PortsView { table, asked };

/// The picture of the host is null where nobody wants one: audit, and most formats of check.
using ReportRenderer = void (*)(const findings::Report&, const facts::Picture*, const Style&, std::ostream&);
using ErrorRenderer = void (*)(const Failure&, std::ostream&);
using StatesRenderer = void (*)(const Origin&, const std::vector<facts::NetnsStates>&, const Style&,
                                std::ostream&);
using PortsRenderer = void (*)(const Origin&, const std::vector<facts::NetnsPorts>&, PortsView, const Style&,
                               std::ostream&);

using PortRenderer = void (*)(const Origin&, const std::vector<facts::PortAnswer>&, const Style&,
                              std::ostream&);

/// Where a failure is told. `message`: on standard error, because no reader of the format expects it in the
/// answer; `message_of_people`: so too, but for a monitoring system in the answer, which is all that it
/// reads.
enum class ErrorPlace { answer, message, message_of_people };

/// What a format shows besides what every report has; it is only made for those that do.
struct Shows {
    bool picture = false;      // also of commands that have none by themselves
    bool advice = true;        // remedies, their effects and what else only a person reads
    bool live_numbers = false; // of each rule's judgement, without being asked for more
    bool drop_in = false;      // for one network namespace
};

struct Format {
    std::string_view name;
    std::string_view sentence;
    ReportRenderer render;
    ErrorRenderer error;
    ErrorPlace error_place = ErrorPlace::answer;
    Shows shows = {};
    StatesRenderer states = nullptr; // null: `states` has no such format
    PortsRenderer ports = nullptr;
    PortRenderer port = nullptr;
};

/// The formats of an answer: the one list.
std::span<const Format> formats();
const Format* find_format(std::string_view name);

// What the list names, each in the file of its format. First the renderers of a report.

/// What Nagios, Icinga and NRPE expect of a plugin: at most 8 KB, line 1 at most 1 KB, all performance data
/// on it.
void report_nagios(const findings::Report& report, const facts::Picture* picture, const Style& style,
                   std::ostream& out);

/// For programs: every key always, null for what is not known.
void report_json(const findings::Report& report, const facts::Picture* picture, const Style& style,
                 std::ostream& out);

/// JUnit XML for Jenkins, GitLab and the like: a test a rule; what Report::fails() is a failure.
void report_junit(const findings::Report& report, const facts::Picture* picture, const Style& style,
                  std::ostream& out);

/// The Test Anything Protocol: the same tests.
void report_tap(const findings::Report& report, const facts::Picture* picture, const Style& style,
                std::ostream& out);

/// SARIF 2.1.0: a result for each line that a finding is about, with its fix.
void report_sarif(const findings::Report& report, const facts::Picture* picture, const Style& style,
                  std::ostream& out);

/// A file for /etc/sysctl.d: the drop-in of the report, each line with its reason, effect, risk and undo.
void report_sysctl(const findings::Report& report, const facts::Picture* picture, const Style& style,
                   std::ostream& out);

/// For people: worst first, with the reason and what to do about it.
void report_text(const findings::Report& report, const facts::Picture* picture, const Style& style,
                 std::ostream& out);

/// For a ticket: one page that needs no network, no script and no other file.
void report_html(const findings::Report& report, const facts::Picture* picture, const Style& style,
                 std::ostream& out);

/// For the textfile collector of Prometheus' node exporter: numbers of the report and of the picture. What is
/// not known has no line.
void report_prometheus(const findings::Report& report, const facts::Picture* picture, const Style& style,
                       std::ostream& out);

/// Local checks of Checkmk, a line each: the numbers, then a service for each topic of the rules.
void report_checkmk(const findings::Report& report, const facts::Picture* picture, const Style& style,
                    std::ostream& out);

// Why there is no report, in its place.

/// The one line that a monitoring system gets when the check itself failed, "TCP UNKNOWN: message", and the
/// details.
void error_nagios(const Failure& failure, std::ostream& out);

/// "tcpadvisor: message", and the details as they are.
void error_text(const Failure& failure, std::ostream& out);

/// A page with the message and the details.
void error_html(const Failure& failure, std::ostream& out);

/// {"schema":1,"error":{"message":...,"diagnostics":[...]}} with a newline.
void error_json(const Failure& failure, std::ostream& out);

/// A suite of one test, "run", with an error.
void error_junit(const Failure& failure, std::ostream& out);

/// A run that did not succeed, and why.
void error_sarif(const Failure& failure, std::ostream& out);

/// The same, as a test that is not ok.
void error_tap(const Failure& failure, std::ostream& out);

/// The message as the local check "TCP".
void error_checkmk(const Failure& failure, std::ostream& out);

// Answers about states and ports.

void states_text(const Origin& origin, const std::vector<facts::NetnsStates>& namespaces, const Style& style,
                 std::ostream& out);
void states_json(const Origin& origin, const std::vector<facts::NetnsStates>& namespaces, const Style& style,
                 std::ostream& out);
void ports_text(const Origin& origin, const std::vector<facts::NetnsPorts>& namespaces, PortsView view,
                const Style& style, std::ostream& out);
void ports_json(const Origin& origin, const std::vector<facts::NetnsPorts>& namespaces, PortsView view,
                const Style& style, std::ostream& out);
void port_text(const Origin& origin, const std::vector<facts::PortAnswer>& namespaces, const Style& style,
               std::ostream& out);
void port_json(const Origin& origin, const std::vector<facts::PortAnswer>& namespaces, const Style& style,
               std::ostream& out);

} // namespace render

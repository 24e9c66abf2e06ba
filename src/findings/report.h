// The whole answer of one run: findings, what became of each rule, performance data and what was not seen.
// Plain data, made by rules/ and shown by render/. Texts are made for people and not yet safe for any one
// output: each renderer escapes for its own reader.
#pragma once

#include "base/gap.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace findings {

/// In the order of gravity: the worst wins, and a gap never hides a warning.
enum class State { ok, info, unknown, warning, critical };

/// "OK", "INFO", "UNKNOWN", "WARNING", "CRITICAL".
std::string_view name(State state);

/// The same in lower case, as rules, cases and style sheets write it.
std::string_view word(State state);

/// Plugin exit code: 0 for OK and INFO, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
int exit_code(State state);

/// A named value that a finding stands on. Exactly one of `number`, `text` and `truth`, or none if it is
/// unknown.
struct Evidence {
    std::string name;
    std::optional<double> number;
    std::optional<std::string> text;
    std::optional<bool> truth;
    std::string unit;
    bool inferred = false;
    std::string label = {}; // what a person calls it; empty: the name
};

/// A sysctl that a remedy sets.
struct Setting {
    std::string name; // "net.ipv4.tcp_tw_reuse"
    std::string value;
    std::optional<std::string> now; // none if it is not known
};

struct Remedy {
    std::string text;
    std::string command; // to copy; empty if there is none
    std::string undo;
    std::string risk;
    std::string effect;                 // computed before -> after; empty until it is known
    std::vector<Setting> settings = {}; // what `command` sets; empty if it is something else
    bool effect_is_stated = false;      // by the rule: it shows only later, or not in this snapshot
    std::string outside =
        {}; // how to set it from outside of a container: for good, or because nobody can inside
    std::string on_node = {};        // to copy, on the host of the container; empty if `command` does it here
    std::optional<State> after = {}; // what would be found then, as computed
    bool now = false;                // helps within a minute, though it sets nothing
};

/// A change that people try and that does nothing here.
struct Myth {
    std::string change; // "net.ipv4.tcp_fin_timeout=15"
    std::string text;   // why not
    std::string effect; // computed before -> after
};

/// A line of a file that a finding is about.
struct FileLine {
    std::string file;
    std::size_t line = 0;  // counted from 1; 0: the line is missing
    std::string text;      // as it is; empty if that is not known
    std::string corrected; // what should stand there; empty if nobody but its author can say
};

struct Finding {
    std::string rule;
    std::string title;
    State state = State::ok;
    std::string netns;
    std::string netns_path = {}; // of its file; empty: the namespace of whoever runs the program
    std::vector<std::pair<std::string, std::string>> subject; // column, value
    std::string summary;
    std::string impact = {}; // what hurts whom, in plain words; empty if the rule does not say
    std::optional<double> value;
    std::string value_label = {}; // what a person calls it; may be empty
    std::string unit;
    std::string warning; // the range as written; empty if the rule has none
    std::string critical;
    bool inferred = false;       // the value stands on an inferred fact
    std::optional<double> since; // seconds since the epoch
    std::vector<Evidence> evidence;
    std::string why;
    std::vector<Remedy> remedies;
    std::vector<Myth> myths;
    std::vector<std::string> see;
    std::vector<FileLine> lines = {};
    std::optional<std::size_t> explained_by = {}; // the finding with the cause: its place in the report
};

struct DropInLine {
    Setting setting;
    std::vector<std::string> reasons; // "[WARNING] RULE: summary" of each finding that asks for it
    std::string text;                 // of the remedy
    std::string effect;
    std::string risk;
    std::vector<std::string> notes; // who else wanted what, what was not checked, what will win over it
};

/// A file for /etc/sysctl.d that makes findings go away.
struct DropIn {
    std::string netns_path; // of the namespace that it is for; empty: that of whoever runs the program
    std::vector<DropInLine> lines;
    std::vector<std::string> left_out;  // a remedy that is not written, and why
    std::vector<std::string> remaining; // "[INFO] RULE: summary" of what is found even under these values
    std::size_t settled = 0;            // findings that are gone under them
};

/// Where the file is meant to go; what is read after it wins over it.
inline constexpr std::string_view drop_in_path = "/etc/sysctl.d/60-tcpadvisor.conf";

/// What an override of the settings did in this run, or that it has expired.
struct OverrideNote {
    enum class Kind { ignored, eased, expired }; // eased: other thresholds made the state better
    Kind kind = Kind::ignored;
    std::string subject; // as the override names it: "remote 10.0.0.0/8:443"
    std::string effect;  // "ignored", or "judged by warning 80, critical 95"
    std::string reason;
    std::string expires;      // the last day; empty: never
    std::string origin;       // FILE:LINE
    State hidden = State::ok; // the worst state that is not reported because of it
    std::string example;      // who would have that state
    std::size_t subjects = 0; // how many would have a worse state without it
};

/// One rule's result over all its subjects. A skipped rule counts for nothing and says why.
struct RuleOutcome {
    std::string id;
    std::optional<State> state; // none: skipped
    std::string reason;         // why it was skipped or is UNKNOWN; else empty
    std::size_t judged = 0;     // subjects that the rule applied to
    std::size_t waiting = 0;    // of these, the ones that alert but not yet for as long as the rule wants
    double waiting_since = 0;   // the first of them, in seconds since the epoch
    double wait_seconds = 0;    // what the rule wants
    std::vector<OverrideNote> overrides = {};
    std::string topic = {};   // the first of its tags that is not a purpose: "ports"
    std::string numbers = {}; // the judgement with the numbers of this host; empty unless asked for
    std::optional<base::Gap> lacks = {}; // what is behind the reason
};

/// One label of the frozen list; `value` is none when it could not be read this time.
struct Perfdatum {
    std::string label;
    std::optional<double> value;
    std::string unit;    // "", "%", "c"
    std::string warning; // range or empty
    std::string critical;
    std::optional<double> low;
    std::optional<double> high;
};

struct Report {
    std::string version; // of the program that judged
    std::string host;
    std::string kernel;
    double time = 0; // seconds since the epoch
    std::vector<std::string> namespaces;
    std::vector<Finding> findings; // INFO and worse, worst first
    std::vector<RuleOutcome> rules;
    std::vector<Perfdatum> perfdata;
    std::vector<base::Gap> gaps;
    /// One line for each file of rules or settings that could not be used: makes the verdict at least
    /// UNKNOWN.
    std::vector<std::string> broken_files;
    std::string blind; // a clause that says that sockets were not seen, and why; empty if all were
    std::vector<std::string> notes;   // one clause each that a reader of line 1 must know
    std::vector<std::string> remarks; // one line each for those who ask for more
    std::vector<std::string> notices; // one line each for everybody
    std::vector<std::string> assumed; // "net.ipv4.tcp_tw_reuse=1": judged as if the sysctl had this value
    std::string again = "tcpadvisor"; // the command that reports it again: "tcpadvisor audit --pid 7"
    std::string place;      // the options that look there again: "--replay web1.capture"; empty: here
    std::string scope = {}; // one line: what was judged is not what its reader may think; may be empty
    bool of_files = false;  // what was judged is files, a line each, and no host
    bool replayed = false;  // `place` is no namespace but a file, which has all of them
    std::string when_ok;    // one line that says what was looked at, for the case that nothing is wrong

    /// Planned only for the format that shows it.
    std::optional<DropIn> drop_in = {};
    /// From which state on the run has failed, for machines that read it: WARNING or CRITICAL; none: never.
    std::optional<State> fail_on = State::warning;

    State worst() const;
    /// Is this state, WARNING or CRITICAL, a failure?
    bool fails(State state) const { return state > State::unknown && fail_on && state >= *fail_on; }
};

/// That of the worst state if it is a failure; else 3 if something could not be judged, whatever `fail_on`
/// is; else 0.
int exit_code(const Report& report);

/// Worst state first; then by rule order of `rules`, then those of the own namespace, then as found.
void sort_findings(Report& report);

} // namespace findings

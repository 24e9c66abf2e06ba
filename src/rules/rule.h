// A rule in memory: plain data. Text becomes a rule in load.h, a rule becomes a finding in evaluate.h. Knows
// nothing of TOML, files or sockets.
//
// The format, one TOML block a rule (also tcpadvisor-rules(5)):
//
//   [[rule]]
//   id        = "kebab-case-name"      required, unique over all files, also among aliases
//   aliases   = ["old-name"]           optional; settings and options may still use them
//   title     = "One sentence"         optional in a user's rule, default: the id
//   tags      = ["health", "ports"]    default ["health"]: check and report; "tuning": audit and report; any
//                                      other is a topic for --tag
//   enabled   = true                   default true
//   for_each  = "destination"          required: host, namespace, destination, source, listener, close_wait
//                                      or sysctl
//   when      = "EXPRESSION"           optional yes/no; false: the rule does not apply to this row
//
//   A judgement is a value with ranges ...
//   value     = "EXPRESSION"           a number
//   unit      = "%"                    a unit that facts use; default: that of the fact, if `value` is a fact
//   warning   = "70"                   Nagios range, or a bare TOML number; alert outside
//   critical  = "90"                   at least one of the two
//   ... or a condition:
//   condition = "EXPRESSION"           yes/no
//   severity  = "warning"              required with it: info, warning or critical
//   value     = "EXPRESSION"           optional here: a number to show with the finding; no ranges then
//   ... and in both cases a finding that already alerts may be raised:
//   warning_when  = "EXPRESSION"       at least WARNING if this holds too
//   critical_when = "EXPRESSION"       CRITICAL if this holds too
//                                      in these two also: alerting_runs, the runs that have alerted without a
//                                      break, of those at least 30 s apart, with this one; alerting_for,
//                                      seconds since the first
//   worst      = "EXPRESSION"          with ranges, where `value` is an estimate: the value at the end of
//   what is
//                                      likely that hurts. In a range that `value` is not in, the interval
//                                      straddles, and the summary says so
//   straddling = "EXPRESSION"          with worst: a text, the state of a finding of which only `worst` is
//                                      critical: "ok", "warning" or "critical". Default: "warning"
//   untold     = "EXPRESSION"          with worst: a text, what would tell the two ends apart
//   for        = "2m"                  speak only when it has alerted for so long, in every run; s, m or h
//   hysteresis = 5                     with ranges: a state stays until the value has come back so far
//                                      behind its range
//   keep       = "5m"                  what was said stays said until it has not been WARNING or worse for
//                                      so long; s, m or h
//
//   summary   = "{remote}: {free} of {usable} ports free"     required, one line, no full stop
//   impact    = "new connections to {remote} fail"            what hurts whom, in plain words:
//                                      the first line of a report; default: the summary
//   explains  = ["port-range-narrow"]  rules whose findings have the same cause: no worse than this one, and
//                                      about the same subject, they are told with it
//   evidence  = ["free", "usable"]     default: the facts of all expressions above
//   why       = """..."""              optional prose; paragraphs are separated by empty lines
//   see       = ["ip(7)", "explain:TIME_WAIT"]
//   source    = ["net/ipv4/inet_hashtables.c, __inet_hash_connect()", "https://..."]     or one string
//
//     [rule.parameters.busy]           users may change it; an expression or placeholder must use it; not
//                                      the name of a fact that the rule can see, nor enabled, warning or
//                                      critical
//     default = 100                    required: a number, text or boolean
//     choices = ["ok", "warning"]      optional, of a text: what it can be
//     unit    = "sockets"
//     help    = "One sentence."        required
//
//     [[rule.remedy]]                  shown with the finding, in this order
//     when    = "not reuse_applies"    optional yes/no; unless it is true (missing is not) it is not shown
//     text    = "Imperative sentence"  required, no full stop
//     command = "ss -tan"              optional, to copy
//     undo    = "..."                  optional
//     risk    = "One sentence."        required if there is a command or a sysctl
//     sysctl  = { "net.ipv4.tcp_tw_reuse" = 1 }     instead of command and undo, which are made from it;
//                                      a number, or a text with placeholders: "1024 {range_high}"
//     now     = true                   optional: it helps within a minute, though it sets nothing; a sysctl
//                                      does if its computed effect is better
//     effect  = "..."                  optional: what it changes, where that cannot be computed; else it is
//                                      judged again under these sysctls: "95 % -> 5 %, CRITICAL -> OK"
//
//     [[rule.myth]]                    a change that people try in vain, shown with its computed effect
//     when    = "fin_wait == 0"        optional yes/no, as in a remedy
//     text    = "Why it does nothing"  required, no full stop
//     sysctl  = { "net.ipv4.tcp_fin_timeout" = 15 }     required
//
// Placeholders: {NAME} in summary, and in text, command, undo, risk and sysctl values of a remedy. NAME is a
// name as in expressions, or `value`, `unit`, `warning` or `critical` of this rule. Numbers are shown with at
// most one decimal, booleans as yes and no, missing values as "unknown". {{ and }} are plain braces.
//
// Expressions: numbers (12, 0.5, 1e3), texts ('x' or "x", no escapes), true, false; or; and; not; == != < <=
// > >= and `x in [a, b]` (not chained); + -; * / %; unary minus; (...); if(c, a, b), known(x), min(a, ...),
// max(a, ...), abs(x). Later in this list binds tighter. < and its kin, arithmetic, min, max and abs take
// numbers; == and != two of a kind; and, or, not take yes/no. A NAME is a column of the rule's table, else of
// its namespace, else of the host, else a parameter; `namespace.NAME` and `host.NAME` name the table. A rule
// for each host sees only the host.
//
// Missing values: missing and false is false, missing or true is true; anything else made from a missing
// value is missing with its reason; dividing by zero is missing; known(x) is never missing. A `when`, `value`
// or `condition` that is missing because the fact is absent by design or was not collected leaves the row
// out; a rule that could judge no row for this reason is skipped. Denied, failed and truncated facts make the
// rule UNKNOWN.
//
// tcpadvisor.toml changes rules, and nothing else:
//
//   [rule.close-wait-leak]             an id or alias
//   enabled    = false
//   warning    = "30"
//   critical   = "300"
//   parameters = { busy = 200 }
//
//   [[override]]                       for some subjects; the first one that fits and has not expired decides
//   rule      = "ephemeral-port-exhaustion"
//   remote    = "10.0.0.0/8:443,9000-9100"    at least one of these, and all that are given must fit:
//                                      remote and listener: ADDRESS, ADDRESS:PORTS, NETWORK/BITS, *:PORTS
//   source    = "2001:db8::/32"        the same without ports
//   namespace = "web-*"                namespace, owner and name: '*' stands for any characters
//   reason    = "TICKET-12: fix comes with 4.2"    required
//   expires   = 2026-12-31             the last day (UTC); required with ignore
//   warning   = "50"                   new thresholds, or
//   ignore    = true                   no finding; the only choice for a rule with a condition
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "rules/expression.h"
#include "rules/placeholders.h"
#include "rules/range.h"
#include "rules/subject.h"

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rules {

struct Node;
struct Document;

/// Which text gave a value: RuleSet::files[file], and the line in it (0: none, as for --set).
struct SourceLine {
    std::uint16_t file = 0;
    int line = 0;
};

struct Parameter {
    std::string name;
    facts::Value value; // in force
    facts::Value standard;
    std::string unit;
    std::string_view help;
    SourceLine origin;
    std::vector<std::string> choices = {}; // texts that it can be; empty: any
};

/// What is wrong with such a value, of the right type, as a message; empty if nothing is.
std::string wrong_choice(const Parameter& parameter, const facts::Value& value);

/// Sysctls by name, and the value to set.
using SysctlValues = std::vector<std::pair<std::string, Template>>;

struct RemedyTemplate {
    Expression when; // empty: always
    Template text;
    Template command;
    Template undo;
    Template risk;
    Template effect; // empty: computed from `sysctls`
    SysctlValues sysctls;
    bool now = false; // helps within a minute
};

/// A change that people try and that does nothing here.
struct MythTemplate {
    Expression when; // empty: always
    Template text;   // why not
    SysctlValues sysctls;
};

/// What a finding says beside its summary. A quiet check needs none of it, so that it is read when it is
/// wanted: see advice_of().
struct Advice {
    Template impact;
    std::vector<Reference> evidence;
    std::string_view why;
    std::vector<std::string> see;
    std::vector<std::string> source;
    std::vector<RemedyTemplate> remedies;
    std::vector<MythTemplate> myths;
};

struct Threshold {
    std::optional<Range> range;
    SourceLine origin;
};

/// New thresholds for one subject, or its exemption.
struct Override {
    std::vector<Subject> subject; // all must fit
    std::string reason;
    std::optional<double> ends; // seconds since the epoch: the first second after the last day
    std::string expires;        // the last day as written
    bool expired = false;       // when the rules were loaded
    bool ignore = false;
    std::optional<Range> warning;
    std::optional<Range> critical;
    SourceLine origin;
};

struct Rule {
    std::string id;
    std::vector<std::string> aliases;
    std::string_view title;
    std::vector<std::string> tags;
    facts::TableId table = facts::TableId::host;
    const Node* written = nullptr; // its [[rule]], with the advice
    SourceLine origin;

    bool enabled = true;
    SourceLine enabled_origin;
    bool active = true; // enabled, and chosen by --rule, --exclude-rule and --tag

    Expression when;
    Expression value;
    std::string unit;
    Threshold warning;
    Threshold critical;
    Expression worst;      // the value at the end that hurts; empty: `value` is exact
    Expression straddling; // the state where only `worst` is critical
    Expression untold;     // what would tell the ends apart
    Expression condition;  // empty: the ranges judge
    findings::State severity = findings::State::ok;
    Expression warning_when;
    Expression critical_when;
    double wait_seconds = 0; // it must have alerted for so long before it says so
    double hysteresis = 0;   // a state stays until the value has come back by so much
    double keep_seconds = 0; // an alert stays for so long after it last held

    Template summary;
    std::vector<std::string> explains; // ids of rules
    std::vector<Parameter> parameters;
    std::vector<facts::Value> parameter_values; // of `parameters`, in order
    std::vector<Override> overrides;
};

/// The tags that say what a rule is for, one a command; all others are topics.
inline constexpr auto purposes = std::to_array<std::string_view>({"health", "tuning"});

/// The rule as it is judged now: another threshold is another rule, whose past says nothing.
std::uint64_t fingerprint_of(const Rule& rule);

/// All rules, in the order in which they are judged; also those that are not active.
struct RuleSet {
    std::vector<Rule> rules;
    std::vector<std::string> files; // for Origin; the first one is "" and stands for a default
    std::vector<std::shared_ptr<const Document>> documents; // that rules of users point into
    bool all_netns = false; // the settings want every network namespace judged

    /// By id or alias.
    const Rule* find(std::string_view id) const;
    Rule* find(std::string_view id);
    /// "tcpadvisor.toml:12", "--set".
    std::string describe(const SourceLine& origin) const;
};

// Which facts the active rules read, so that nothing else need be collected.

class NeededColumns {
  public:
    bool has(facts::TableId table, std::size_t column) const {
        return columns_[static_cast<std::size_t>(table)].test(column);
    }
    /// Any fact of the table, or its rows.
    bool has(facts::TableId table) const { return tables_.test(static_cast<std::size_t>(table)); }

    void add(facts::TableId table) { tables_.set(static_cast<std::size_t>(table)); }
    void add(facts::TableId table, std::size_t column);

  private:
    std::bitset<facts::table_count> tables_;
    static constexpr std::size_t most_columns = 128;
    std::array<std::bitset<most_columns>, facts::table_count> columns_;
};

/// What is made of the rules: verdicts with their summary, or also evidence, remedies and their effects.
enum class Detail { verdict, advice };

/// What judging reads, and what the texts of a finding would read.
NeededColumns needs(const RuleSet& rules, Detail detail);

/// What must be collected for that, beyond what every run collects.
std::set<facts::Collection> collections(const NeededColumns& needs);

// What `rules list` shows, with the origin of every value. Plain data for the caller to print.

struct ListedValue {
    std::string name; // "warning", "critical", "enabled" or a parameter
    std::string value;
    std::string standard; // of a parameter that was changed; else empty
    std::string unit;
    std::string help; // of a parameter
    std::string
        origin; // "ports.toml:12", "/etc/tcpadvisor/tcpadvisor.toml:3", "--set"; empty for what nobody wrote
};

struct ListedOverride {
    std::string subject; // "remote 192.0.2.1:443, namespace web"
    std::string effect;  // "ignored", or "judged by warning 80, critical 95"
    std::string reason;
    std::string expires; // empty: never
    bool expired = false;
    std::string origin;
};

struct ListedRule {
    std::string id;
    std::string title;
    std::vector<std::string> aliases;
    std::vector<std::string> tags;
    std::string table; // as for_each writes it
    bool enabled = true;
    bool active = true;    // enabled and chosen by the options
    std::string judgement; // the value or condition as written
    std::string severity;  // of a condition; else empty
    std::string unit;
    std::string origin;
    std::vector<ListedValue> values; // enabled, warning, critical as far as they are given, then parameters
    std::vector<ListedOverride> overrides;
};

/// Every rule in the order of judgement, active or not.
std::vector<ListedRule> list(const RuleSet& rules);

} // namespace rules

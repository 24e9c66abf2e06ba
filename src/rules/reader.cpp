#include "rules/reader.h"

#include "base/number.h"
#include "base/text.h"
#include "facts/schema.h"
#include "rules/resolve.h"
#include "rules/scoped_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rules {

namespace {

using Kind = Node::Kind;

constexpr auto remedy_keys =
    std::to_array<std::string_view>({"when", "text", "command", "undo", "risk", "effect", "sysctl", "now"});
constexpr auto myth_keys = std::to_array<std::string_view>({"when", "text", "sysctl"});

bool is_sysctl_name(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '-';
    };
    return text.find('.') != std::string_view::npos && std::all_of(text.begin(), text.end(), fits);
}

void read_sysctls(const Node* table, SysctlValues& sysctls, ScopedReader& scoped, Reporter& reporter) {
    if (table == nullptr) {
        return;
    }
    if (table->count == 0) {
        reporter.error(table->mark, "'sysctl' names no sysctl", "write { \"net.ipv4.tcp_tw_reuse\" = 1 }");
    }
    for (const Node::Member& member : table->members()) {
        const auto value = read_value(member.value);
        const bool plain =
            value && !value->is_boolean() && to_text(*value).find_first_of("\"\\$`\n") == std::string::npos;
        if (!is_sysctl_name(member.key.name) || !plain) {
            reporter.error(member.key.mark, "not a sysctl and its value",
                           "write { \"net.ipv4.tcp_tw_reuse\" = 1 }, the name in quotes");
        } else if (value->is_number()) {
            sysctls.emplace_back(std::string(member.key.name),
                                 Template{to_text(*value), {{to_text(*value), false, {}, {}}}});
        } else {
            sysctls.emplace_back(std::string(member.key.name), scoped.placeholders(member.value));
        }
    }
}

std::vector<RemedyTemplate> read_remedies(std::span<const Node> tables, ScopedReader& scoped,
                                          Reporter& reporter) {
    std::vector<RemedyTemplate> remedies;
    for (const Node& table : tables) {
        const TableReader keys(table, "a remedy", remedy_keys, reporter);
        RemedyTemplate remedy;
        remedy.when = scoped.expression(keys, "when", facts::Type::boolean);
        if (const Node* text = keys.require("text", Kind::text, "say what to do, in one sentence")) {
            remedy.text = scoped.placeholders(*text);
        }
        remedy.command = scoped.placeholders(keys, "command");
        remedy.undo = scoped.placeholders(keys, "undo");
        remedy.risk = scoped.placeholders(keys, "risk");
        remedy.effect = scoped.placeholders(keys, "effect");
        remedy.now = keys.boolean("now", false);
        const Node* sysctls = keys.get("sysctl", Kind::table);
        read_sysctls(sysctls, remedy.sysctls, scoped, reporter);
        if (const Node* command = keys.get_any("command"); command != nullptr && sysctls != nullptr) {
            reporter.error(command->mark, "a remedy with both 'sysctl' and 'command'",
                           "the command is made from sysctl");
        }
        const bool acts = keys.get_any("command") != nullptr || keys.get_any("sysctl") != nullptr;
        if (acts && keys.get_any("risk") == nullptr) {
            reporter.error(table.mark, "a remedy without 'risk'",
                           "say in one sentence what the command may break");
        }
        remedies.push_back(std::move(remedy));
    }
    return remedies;
}

std::vector<MythTemplate> read_myths(std::span<const Node> tables, ScopedReader& scoped, Reporter& reporter) {
    std::vector<MythTemplate> myths;
    for (const Node& table : tables) {
        const TableReader keys(table, "a myth", myth_keys, reporter);
        MythTemplate myth;
        myth.when = scoped.expression(keys, "when", facts::Type::boolean);
        if (const Node* text = keys.require("text", Kind::text, "say why it does nothing")) {
            myth.text = scoped.placeholders(*text);
        }
        read_sysctls(keys.require("sysctl", Kind::table, "name the sysctl that people change in vain"),
                     myth.sysctls, scoped, reporter);
        myths.push_back(std::move(myth));
    }
    return myths;
}

/// The advice of a rule whose judgement has been read.
class AdviceReader {
  public:
    AdviceReader(const Rule& rule, const TableReader& keys, ScopedReader& scoped, Reporter& reporter)
        : rule_(rule), keys_(keys), scoped_(scoped), reporter_(reporter) {}

    Advice read() {
        advice_.impact = scoped_.placeholders(keys_, "impact");
        advice_.why = keys_.text("why");
        advice_.see = keys_.texts("see");
        advice_.source = keys_.text_or_texts("source");
        advice_.remedies = read_remedies(keys_.tables("remedy", "[[rule.remedy]]"), scoped_, reporter_);
        advice_.myths = read_myths(keys_.tables("myth", "[[rule.myth]]"), scoped_, reporter_);
        read_evidence();
        return std::move(advice_);
    }

  private:
    void read_evidence() {
        if (scoped_.scope() == nullptr) {
            return;
        }
        if (const Node* list = keys_.get("evidence", Kind::list)) {
            for (const Node& item : list->items()) {
                read_evidence_item(item);
            }
            return;
        }
        for (const Expression* each : {&rule_.value, &rule_.worst, &rule_.condition, &rule_.when,
                                       &rule_.warning_when, &rule_.critical_when}) {
            for (const ExpressionNode& node : each->nodes) {
                if (node.op == Op::name && table_of(node.reference.where, rule_.table)) {
                    add_evidence(node.reference);
                }
            }
        }
    }

    void read_evidence_item(const Node& item) {
        const auto found = item.kind == Kind::text ? scoped_.scope()->find(item.text) : std::nullopt;
        if (found) {
            add_evidence(*found);
        } else if (item.kind == Kind::text) {
            scoped_.report(item, unknown_name(item.text, 0, *scoped_.scope()));
        } else {
            reporter_.error(item.mark,
                            fmt::format("each of 'evidence' must be a text, this is {}", describe(item.kind)),
                            "put the name in quotes");
        }
    }

    void add_evidence(const Reference& reference) {
        if (std::find(advice_.evidence.begin(), advice_.evidence.end(), reference) ==
            advice_.evidence.end()) {
            advice_.evidence.push_back(reference);
        }
    }

    const Rule& rule_;
    const TableReader& keys_;
    ScopedReader& scoped_;
    Reporter& reporter_;
    Advice advice_;
};

using facts::Type;

constexpr auto rule_keys = std::to_array<std::string_view>(
    {"id",       "aliases",      "title",         "tags",    "enabled",    "for_each",
     "when",     "value",        "unit",          "warning", "critical",   "condition",
     "severity", "warning_when", "critical_when", "for",     "hysteresis", "keep",
     "worst",    "straddling",   "untold",        "summary", "impact",     "explains",
     "evidence", "why",          "see",           "source",  "parameters", "remedy",
     "myth"});
constexpr auto parameter_keys = std::to_array<std::string_view>({"default", "choices", "unit", "help"});
constexpr double longest_wait = 24 * 3600; // seconds
constexpr auto reserved_names = std::to_array<std::string_view>(
    {"enabled", "warning", "critical", "value", "unit", "alerting_runs", "alerting_for"});

bool is_kebab(std::string_view text) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.front() != '-' && text.back() != '-' && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), fits);
}

std::vector<std::string> all_units() {
    std::vector<std::string> units;
    for (const facts::Schema& schema : facts::schemas()) {
        for (const facts::Column& column : schema.columns) {
            if (!column.unit.empty() && std::find(units.begin(), units.end(), column.unit) == units.end()) {
                units.emplace_back(column.unit);
            }
        }
    }
    return units;
}

class RuleReader {
  public:
    RuleReader(const Node& table, std::uint16_t file, Reporter& reporter)
        : table_(table), file_(file), reporter_(reporter), errors_before_(reporter.errors()),
          keys_(table, "a rule", rule_keys, reporter), scoped_(reporter) {}

    std::optional<Rule> read(Scrutiny scrutiny) {
        rule_.written = &table_;
        rule_.origin = {file_, table_.mark.line};
        rule_.enabled_origin = {};
        read_identity();
        read_table();
        read_parameters();
        read_judgement();
        read_summary();
        if (scrutiny == Scrutiny::all) {
            AdviceReader(rule_, keys_, scoped_, reporter_).read();
            scoped_.report_unused_parameters();
        }
        return reporter_.errors() == errors_before_ ? std::optional(std::move(rule_)) : std::nullopt;
    }

  private:
    void read_identity() {
        if (const Node* id = keys_.require("id", Kind::text, "give it a name like \"close-wait-leak\"")) {
            rule_.id = id->text;
            check_id(*id);
        }
        rule_.aliases = keys_.texts("aliases");
        rule_.enabled = keys_.boolean("enabled", true);
        if (const Node* enabled = keys_.get_any("enabled")) {
            rule_.enabled_origin = {file_, enabled->mark.line};
        }
        rule_.title = keys_.text("title");
        if (rule_.title.empty()) {
            rule_.title = keys_.text("id");
        }
        rule_.explains = keys_.texts("explains");
        rule_.tags = keys_.texts("tags");
        if (const Node* tags = keys_.get_any("tags"); tags != nullptr && tags->kind == Kind::list) {
            check_tags(*tags);
        } else {
            rule_.tags = {"health"};
        }
    }

    void check_id(const Node& id) {
        if (!is_kebab(id.text)) {
            reporter_.error(id.mark, fmt::format("'{}' cannot be the id of a rule", base::printable(id.text)),
                            "use lower-case letters, digits and '-', at most 64");
        }
    }

    void check_tags(const Node& tags) {
        const bool judged = std::any_of(rule_.tags.begin(), rule_.tags.end(), [](const std::string& tag) {
            return std::find(purposes.begin(), purposes.end(), tag) != purposes.end();
        });
        if (!judged) {
            const std::vector<std::string> names(purposes.begin(), purposes.end());
            const std::string tag = rule_.tags.empty() ? std::string() : rule_.tags.front();
            reporter_.warning(
                tags.mark,
                fmt::format("no command judges this rule by itself{}", base::did_you_mean(tag, names)),
                "add \"health\" (check and report) or \"tuning\" (audit and report)");
        }
    }

    void read_table() {
        const Node* for_each = keys_.require(
            "for_each", Kind::text, "name the table of facts that it judges, such as \"destination\"");
        if (for_each == nullptr) {
            return;
        }
        if (const facts::Schema* schema = facts::find_schema(for_each->text)) {
            rule_.table = schema->id;
            scoped_.set_table(schema->id);
            return;
        }
        std::vector<std::string> names;
        for (const facts::Schema& schema : facts::schemas()) {
            names.emplace_back(schema.name);
        }
        reporter_.error(for_each->mark,
                        fmt::format("unknown table '{}'{}", base::printable(for_each->text),
                                    base::did_you_mean(for_each->text, names)),
                        fmt::format("the tables are {}", base::join(names, ", ")));
    }

    void read_parameters() {
        for (const Node::Member& member : keys_.members("parameters")) {
            read_parameter(member.key, member.value);
        }
    }

    void read_parameter(const NodeKey& key, const Node& node) {
        if (node.kind != Kind::table) {
            reporter_.error(
                node.mark, fmt::format("a parameter must be a table, this is {}", describe(node.kind)),
                fmt::format("write [rule.parameters.{}] with default and help", base::printable(key.name)));
            scoped_.add_parameter(key, Type::number, Use::excused);
            return;
        }
        check_parameter_name(key);
        const TableReader keys(node, "a parameter", parameter_keys, reporter_);
        Parameter parameter{std::string(key.name),          facts::Value(0.0), facts::Value(0.0),
                            std::string(keys.text("unit")), keys.text("help"), {file_, node.mark.line}};
        const Node* standard = keys.get_any("default");
        const auto value = standard != nullptr ? read_value(*standard) : std::nullopt;
        if (!value) {
            reporter_.error(standard != nullptr ? standard->mark : key.mark,
                            fmt::format("parameter '{}' without a usable default", base::printable(key.name)),
                            "add default = a number, a text, true or false");
        }
        if (keys.get_any("help") == nullptr) {
            reporter_.error(key.mark, fmt::format("parameter '{}' without help", base::printable(key.name)),
                            "add help = one sentence that says what it changes");
        }
        parameter.value = parameter.standard = value.value_or(facts::Value(0.0));
        parameter.choices = keys.texts("choices");
        if (std::string wrong = wrong_choice(parameter, parameter.standard); value && !wrong.empty()) {
            reporter_.error(standard->mark, std::move(wrong), "choose a default among them");
        }
        scoped_.add_parameter(key, type_of(parameter.value), Use::open);
        rule_.parameter_values.push_back(parameter.value);
        rule_.parameters.push_back(std::move(parameter));
    }

    void check_parameter_name(const NodeKey& key) {
        const std::string safe = base::printable(key.name);
        const bool reserved =
            std::find(reserved_names.begin(), reserved_names.end(), key.name) != reserved_names.end();
        if (reserved || !is_plain_name(key.name)) {
            reporter_.error(key.mark, fmt::format("'{}' cannot be the name of a parameter", safe),
                            "use lower-case letters, digits and '_', and no word that has a meaning already");
        } else if (scoped_.scope() != nullptr && scoped_.scope()->find(key.name)) {
            reporter_.error(key.mark, fmt::format("parameter '{}' has the name of a fact", safe),
                            "choose another name: facts cannot be hidden");
        }
    }

    void read_judgement() {
        rule_.when = scoped_.expression(keys_, "when", Type::boolean);
        rule_.value = scoped_.expression(keys_, "value", Type::number);
        rule_.condition = scoped_.expression(keys_, "condition", Type::boolean);
        rule_.worst = scoped_.expression(keys_, "worst", Type::number);
        rule_.straddling = scoped_.expression(keys_, "straddling", Type::text);
        rule_.untold = scoped_.expression(keys_, "untold", Type::text);
        scoped_.set_alerting(true);
        rule_.warning_when = scoped_.expression(keys_, "warning_when", Type::boolean);
        rule_.critical_when = scoped_.expression(keys_, "critical_when", Type::boolean);
        scoped_.set_alerting(false);
        read_unit();
        const bool has_condition = keys_.get_any("condition") != nullptr;
        if (has_condition) {
            read_severity();
        } else if (const Node* severity = keys_.get_any("severity")) {
            reporter_.error(severity->mark, "'severity' without 'condition'",
                            "the ranges of a value decide the state; remove severity");
        }
        read_ranges(has_condition);
        read_patience(has_condition);
        check_worst(has_condition);
    }

    void check_worst(bool has_condition) {
        for (const std::string_view key : {"worst", "straddling", "untold"}) {
            const Node* node = keys_.get_any(key);
            if (node != nullptr && has_condition) {
                reporter_.error(node->mark, fmt::format("'{}' without ranges", key),
                                "it belongs to a value that is judged by warning and critical");
            } else if (node != nullptr && keys_.get_any("worst") == nullptr) {
                reporter_.error(node->mark, fmt::format("'{}' without 'worst'", key),
                                "add worst = the value at the end that hurts");
            }
        }
    }

    /// `for`, `keep` and `hysteresis`: how long before it speaks, and what it takes to be silent again.
    void read_patience(bool has_condition) {
        rule_.wait_seconds = read_wait("for");
        rule_.keep_seconds = read_wait("keep");
        const Node* hysteresis = keys_.get("hysteresis", Kind::number);
        if (hysteresis == nullptr) {
            return;
        }
        if (has_condition) {
            reporter_.error(hysteresis->mark, "'hysteresis' without ranges",
                            "it belongs to a value that is judged by warning and critical");
        } else if (hysteresis->number <= 0) {
            reporter_.error(hysteresis->mark, "'hysteresis' must be above 0", "remove it if there is none");
        } else {
            rule_.hysteresis = hysteresis->number;
        }
    }

    double read_wait(std::string_view key) {
        const Node* wait = keys_.get(key, Kind::text);
        if (wait == nullptr) {
            return 0;
        }
        const auto seconds = base::parse_duration(wait->text);
        if (seconds && *seconds > 0 && *seconds <= longest_wait) {
            return *seconds;
        }
        reporter_.error(wait->mark, fmt::format("'{}' is no time to wait", base::printable(wait->text)),
                        fmt::format("write a number and s, m or h, at most 24h: {} = \"2m\"", key));
        return 0;
    }

    void read_severity() {
        const Node* node =
            keys_.require("severity", Kind::text, "add severity = \"info\", \"warning\" or \"critical\"");
        if (node == nullptr) {
            return;
        }
        using findings::State;
        if (node->text == "info") {
            rule_.severity = State::info;
        } else if (node->text == "warning") {
            rule_.severity = State::warning;
        } else if (node->text == "critical") {
            rule_.severity = State::critical;
        } else {
            const std::string names[] = {"info", "warning", "critical"};
            reporter_.error(node->mark,
                            fmt::format("unknown severity '{}'{}", base::printable(node->text),
                                        base::did_you_mean(node->text, names)),
                            "severity is info, warning or critical");
        }
    }

    void read_ranges(bool has_condition) {
        const Node* warning = keys_.get_any("warning");
        const Node* critical = keys_.get_any("critical");
        const Node* first = warning != nullptr ? warning : critical;
        const bool has_value = keys_.get_any("value") != nullptr;
        if (has_condition && first != nullptr) {
            reporter_.error(first->mark, "a rule with a 'condition' has no ranges",
                            "use warning_when or critical_when, or judge the value alone");
            return;
        }
        if (!has_condition && !has_value) {
            reporter_.error(table_.mark, "a rule that judges nothing",
                            "add value with ranges, or condition with severity");
            return;
        }
        if (!has_condition && first == nullptr) {
            reporter_.error(table_.mark, "a value without a range never alerts",
                            "add warning or critical, such as \"80\"");
            return;
        }
        if (warning != nullptr) {
            rule_.warning = {read_range(*warning, rule_.unit, reporter_), {file_, warning->mark.line}};
        }
        if (critical != nullptr) {
            rule_.critical = {read_range(*critical, rule_.unit, reporter_), {file_, critical->mark.line}};
        }
        if (warning != nullptr) {
            check_ranges(rule_.warning.range, rule_.critical.range, warning->mark, reporter_);
        }
    }

    void read_unit() {
        const bool one_fact = rule_.value.nodes.size() == 1 && rule_.value.nodes[0].op == Op::name;
        const std::string_view fact_unit = one_fact && scoped_.scope() != nullptr
                                               ? scoped_.scope()->unit_of(rule_.value.nodes[0].reference)
                                               : std::string_view();
        const Node* node = keys_.get("unit", Kind::text);
        rule_.unit = node != nullptr ? node->text : fact_unit;
        if (node == nullptr || node->text.empty()) {
            return;
        }
        if (keys_.get_any("value") == nullptr) {
            reporter_.error(node->mark, "'unit' without 'value'",
                            "remove it, or add the value that it belongs to");
            return;
        }
        if (node->text == fact_unit) {
            return;
        }
        const std::vector<std::string> units = all_units();
        if (std::find(units.begin(), units.end(), node->text) == units.end()) {
            reporter_.error(node->mark,
                            fmt::format("unknown unit '{}'{}", base::printable(node->text),
                                        base::did_you_mean(node->text, units)),
                            fmt::format("the units are {}", base::join(units, ", ")));
        } else if (!fact_unit.empty()) {
            reporter_.error(node->mark,
                            fmt::format("'{}' is in {}, not in {}", rule_.value.text, fact_unit, node->text),
                            "leave the unit out: it comes with the fact");
        }
    }

    void read_summary() {
        if (const Node* summary = keys_.require("summary", Kind::text,
                                                "add one line, such as \"{remote}: {free} ports free\"")) {
            rule_.summary = scoped_.placeholders(*summary);
            if (base::trim(summary->text).empty() || summary->text.find('\n') != std::string::npos) {
                reporter_.error(summary->mark, "a summary is one line of text", "put the rest into why");
            }
        }
    }

    const Node& table_;
    std::uint16_t file_;
    Reporter& reporter_;
    std::size_t errors_before_;
    TableReader keys_;
    ScopedReader scoped_;
    Rule rule_;
};

} // namespace

std::optional<Rule> read_rule(const Node& table, std::uint16_t file, Scrutiny scrutiny, Reporter& reporter) {
    return RuleReader(table, file, reporter).read(scrutiny);
}

Advice advice_of(const Rule& rule) {
    const TextFile no_file;
    base::Diagnostics reported_before;
    Reporter reporter(no_file, reported_before);
    ScopedReader scoped(reporter);
    scoped.set_table(rule.table);
    for (const Parameter& parameter : rule.parameters) {
        scoped.add_parameter({parameter.name, {}}, type_of(parameter.value), Use::excused);
    }
    const TableReader keys(*rule.written, "a rule", rule_keys, reporter);
    return AdviceReader(rule, keys, scoped, reporter).read();
}

std::optional<Range> read_range(const Node& node, std::string_view unit, Reporter& reporter) {
    if (node.kind != Kind::text && node.kind != Kind::number) {
        reporter.error(node.mark,
                       fmt::format("a range must be a text or a number, this is {}", describe(node.kind)),
                       "write \"80\" to alert below 0 and above 80, or \"10:20\"");
        return std::nullopt;
    }
    const std::string text =
        node.kind == Kind::text ? std::string(node.text) : fmt::format("{}", node.number);
    auto range = parse_range(text, unit);
    if (!range) {
        reporter.error(node.mark, range.error().message, range.error().advice);
        return std::nullopt;
    }
    return std::move(*range);
}

void check_ranges(const std::optional<Range>& warning, const std::optional<Range>& critical, Mark mark,
                  Reporter& reporter) {
    if (never_fires(warning, critical)) {
        reporter.warning(
            mark,
            fmt::format("the warning range '{}' never fires: critical '{}' alerts wherever it would",
                        warning->text, critical->text),
            "make the warning range narrower, or remove it");
    }
}

} // namespace rules

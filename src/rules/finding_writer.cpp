#include "rules/finding_writer.h"

#include "base/text.h"
#include "facts/schema.h"
#include "findings/place.h"
#include "rules/compute.h"
#include "rules/effect.h"
#include "rules/resolve.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace rules {
namespace {

using facts::TableId;
using facts::Value;
using findings::Evidence;
using findings::Finding;

const facts::Table* table_in(const facts::NetnsFacts& from, TableId which) {
    return from.tables[static_cast<std::size_t>(which)].get();
}

constexpr std::string_view left_out = " (no command: a value in it, as it was read, cannot stand in one)";
constexpr std::string_view no_undo = "Unknown: the value of now, as it was read, cannot stand in a command";

/// All sysctls that are read hold numbers or lists of ports.
bool is_of_numbers(std::string_view text) {
    return text.find_first_not_of("0123456789,- ") == std::string_view::npos;
}

/// But not for what binary fractions add.
double rounded_up(double number) {
    constexpr double noise = 1e-6;
    return std::ceil(number - noise);
}

class Writer {
  public:
    Writer(const Rule& rule, const Advice& advice, const RuleSet& rules, const facts::Facts& facts,
           const JudgedRow& judged, Effects* effects)
        : rule_(rule), advice_(advice), rules_(rules), facts_(facts), judged_(judged), effects_(effects),
          context_(context_of(rule, facts, judged.netns, judged.row)) {}

    /// ": between 54 and 100 %, cannot be told apart without ..."
    std::string doubt() const {
        const auto whole = [](double number) { return fmt::format("{:.0f}", number); };
        const std::string unit = rule_.unit.empty() ? "" : " " + rule_.unit;
        std::string text = fmt::format(": between {} and {}{}, cannot be told apart", whole(*judged_.value),
                                       whole(*judged_.worst), unit);
        const Value untold = rule_.untold.empty() ? Value(std::string()) : compute(rule_.untold, context_);
        if (untold.known() && !to_text(untold).empty()) {
            text += " without " + to_text(untold);
        }
        return text;
    }

    Finding write() {
        Finding finding;
        finding.rule = rule_.id;
        finding.title = rule_.title;
        finding.state = judged_.state;
        if (rule_.table != TableId::host) {
            finding.netns = facts_.namespaces[judged_.netns].label;
            finding.netns_path = facts_.namespaces[judged_.netns].path;
        }
        write_subject(finding);
        finding.value = judged_.value;
        finding.unit = judged_.value ? rule_.unit : std::string();
        finding.value_label = judged_.value ? label_of_value() : std::string();
        const Range* warning = warning_of(rule_, judged_.exception);
        const Range* critical = critical_of(rule_, judged_.exception);
        finding.warning = warning != nullptr ? warning->text : std::string();
        finding.critical = critical != nullptr ? critical->text : std::string();
        finding.inferred = judged_.inferred;
        finding.since = judged_.since;
        value_text_ = judged_.value ? to_text(Value(*judged_.value)) : std::string("unknown");
        special_ = {value_text_, rule_.unit, finding.warning, finding.critical};
        whole_text_ = judged_.value ? to_text(Value(rounded_up(*judged_.value))) : std::string("unknown");
        of_sysctls_ = {whole_text_, rule_.unit, finding.warning, finding.critical};
        finding.summary = fill(rule_.summary, context_, special_);
        finding.impact = fill(advice_.impact, context_, special_);
        if (judged_.worst && judged_.value) {
            finding.summary += doubt();
        }
        if (judged_.over_for) {
            finding.summary += fmt::format(" (over for {:.0f} min)", std::ceil(*judged_.over_for / 60));
        }
        write_evidence(finding);
        finding.why = advice_.why;
        finding.see = advice_.see;
        for (const RemedyTemplate& remedy : advice_.remedies) {
            write_remedy(remedy, finding);
        }
        for (const MythTemplate& myth : advice_.myths) {
            write_myth(myth, finding);
        }
        return finding;
    }

  private:
    void write_subject(Finding& finding) const {
        const facts::Schema& schema = facts::schema(rule_.table);
        for (const std::string_view column : schema.subject) {
            if (const auto number = schema.find(column)) {
                finding.subject.emplace_back(column, to_text(context_.row_table->get(judged_.row, *number)));
            }
        }
    }

    /// Of a value that is a fact, and no arithmetic.
    std::string label_of_value() const {
        const bool is_fact = rule_.value.nodes.size() == 1 && rule_.value.nodes[0].op == Op::name;
        const auto table =
            is_fact ? table_of(rule_.value.nodes[0].reference.where, rule_.table) : std::nullopt;
        return table ? facts::plain_name(facts::schema(*table).columns[rule_.value.nodes[0].reference.index])
                     : std::string();
    }

    void write_evidence(Finding& finding) const {
        for (const Reference& reference : advice_.evidence) {
            const auto table = table_of(reference.where, rule_.table);
            if (!table) {
                continue; // parameters are no evidence
            }
            const facts::Column& column = facts::schema(*table).columns[reference.index];
            finding.evidence.push_back(evidence_of(column, look_up(reference, context_)));
        }
        if (judged_.exception != nullptr) {
            finding.evidence.push_back(exception_evidence(*judged_.exception));
        }
    }

    static Evidence evidence_of(const facts::Column& column, const Value& value) {
        Evidence evidence;
        evidence.name = std::string(column.name);
        evidence.label = facts::plain_name(column);
        evidence.unit = std::string(column.unit);
        evidence.inferred = value.basis() != facts::Basis::measured;
        if (value.is_number()) {
            evidence.number = value.number();
        } else if (value.is_text()) {
            evidence.text = value.text();
        } else if (value.is_boolean()) {
            evidence.truth = value.truth();
        }
        return evidence;
    }

    Evidence exception_evidence(const Override& exception) const {
        Evidence evidence;
        evidence.name = exception.expired ? "expired_override" : "override";
        const std::string until =
            exception.expires.empty() ? "" : fmt::format(", until {}", exception.expires);
        evidence.text = fmt::format("{} ({}{})", exception.reason, rules_.describe(exception.origin), until);
        return evidence;
    }

    bool holds(const Expression& when) const {
        if (when.empty()) {
            return true;
        }
        const Value applies = compute(when, context_);
        return applies.known() && applies.truth();
    }

    void write_remedy(const RemedyTemplate& remedy, Finding& finding) const {
        if (!holds(remedy.when)) {
            return;
        }
        findings::Remedy written;
        written.text = fill(remedy.text, context_, special_);
        const auto command = fill_command(remedy.command, context_, special_);
        written.command = command.value_or("");
        written.text += command ? "" : left_out;
        written.undo = fill_command(remedy.undo, context_, special_).value_or(std::string(no_undo));
        written.risk = fill(remedy.risk, context_, special_);
        written.effect = fill(remedy.effect, context_, special_);
        written.effect_is_stated = !remedy.effect.empty();
        write_sysctls(remedy.sysctls, written);
        if (written.effect.empty()) {
            Effect effect = effect_of(remedy.sysctls);
            written.effect = std::move(effect.text);
            written.after = effect.after;
        }
        written.now = remedy.now;
        put_in_place(finding.netns_path, written);
        finding.remedies.push_back(std::move(written));
    }

    /// Commands act where the finding is, or are left out where none can.
    void put_in_place(const std::string& path, findings::Remedy& written) const {
        const bool sets = findings::sets_sysctls(written.command);
        const findings::Assignments assignments = sets ? assignments_of(written) : findings::Assignments();
        if (std::any_of(assignments.begin(), assignments.end(),
                        [&](const auto& one) { return is_of_host(one.first); })) {
            if (facts_.sysctls_are_read_only) {
                written.outside = "It is the whole host's and /proc/sys is read-only in this container";
                written.on_node = std::move(written.command);
                written.command.clear();
            }
            return; // the initial namespace has it, where this finding is or not
        }
        const std::string outside = assignments.empty() ? "" : findings::from_outside(assignments);
        if (sets && facts_.sysctls_are_read_only) {
            const std::uint64_t netns = facts_.namespaces[judged_.netns].id;
            written.outside = "In this container /proc/sys is read-only: nobody inside can set it" +
                              (outside.empty() ? std::string() : ". For good, " + outside);
            written.on_node = findings::from_node(netns, written.command);
            if (!written.settings.empty()) {
                written.undo = findings::from_node(netns, written.undo);
            }
            written.command.clear();
            return;
        }
        if (sets && findings::options_for(path).starts_with("--pid ") && !outside.empty()) {
            written.outside = "The namespace ends with its last process. For good, of " + outside;
        }
        written.command = findings::acting_in(path, written.command);
        written.undo = findings::acting_in(path, written.undo);
    }

    static findings::Assignments assignments_of(const findings::Remedy& written) {
        findings::Assignments assignments;
        for (const findings::Setting& setting : written.settings) {
            assignments.emplace_back(setting.name, setting.value);
        }
        return assignments.empty() ? findings::assignments_of(written.command) : assignments;
    }

    /// A sysctl that no network namespace has of its own.
    bool is_of_host(std::string_view name) const {
        const Value per_namespace = of_sysctl(name, "per_namespace");
        return per_namespace.is_boolean() && !per_namespace.truth();
    }

    void write_myth(const MythTemplate& myth, Finding& finding) const {
        if (!holds(myth.when)) {
            return;
        }
        findings::Myth written;
        written.text = fill(myth.text, context_, special_);
        for (const auto& [name, value] : myth.sysctls) {
            written.change +=
                (written.change.empty() ? "" : " ") + name + "=" + base::shell_word(wanted(value));
        }
        written.effect = effect_of(myth.sysctls).text;
        finding.myths.push_back(std::move(written));
    }

    /// The value that a remedy gives a sysctl.
    std::string wanted(const Template& value) const {
        return base::one_line(fill(value, context_, of_sysctls_));
    }

    Effect effect_of(const SysctlValues& sysctls) const {
        if (effects_ == nullptr || sysctls.empty()) {
            return {};
        }
        Changes changes;
        for (const auto& [name, value] : sysctls) {
            changes[name] = wanted(value);
        }
        return effects_->of(changes, rule_, facts_, judged_);
    }

    bool is_missing(const Template::Part& part) const {
        const bool of_value = part.special == Template::Special::value;
        return part.has_name &&
               (part.special == Template::Special::none ? !look_up(part.reference, context_).known()
                                                        : of_value && !judged_.value);
    }

    /// A fact that would make the value of a sysctl something else than numbers.
    bool is_no_number(const Template::Part& part) const {
        if (!part.has_name || part.special != Template::Special::none) {
            return false;
        }
        const Value fact = look_up(part.reference, context_);
        return fact.is_text() && !is_of_numbers(base::one_line(fact.text()));
    }

    template <typename Test>
    static bool any_part(const SysctlValues& sysctls, Test test) {
        return std::any_of(sysctls.begin(), sysctls.end(), [&](const auto& sysctl) {
            return std::any_of(sysctl.second.parts.begin(), sysctl.second.parts.end(), test);
        });
    }

    /// One command for all sysctls, if no value has a hole where a fact is missing; the undo only if every
    /// value of now is known.
    void write_sysctls(const SysctlValues& sysctls, findings::Remedy& written) const {
        if (sysctls.empty() || any_part(sysctls, [&](const auto& part) { return is_missing(part); })) {
            return;
        }
        if (any_part(sysctls, [&](const auto& part) { return is_no_number(part); })) {
            written.text += left_out;
            return;
        }
        std::string undo = "sysctl -w";
        written.command = undo;
        bool can_undo = true;
        bool is_malformed = false;
        for (const auto& [name, value] : sysctls) {
            const Now now = value_now(name);
            is_malformed |= now.is_malformed;
            can_undo &= now.text.has_value();
            written.settings.push_back({name, wanted(value), now.text});
            written.command += fmt::format(" {}={}", name, base::shell_word(written.settings.back().value));
            undo += fmt::format(" {}={}", name, base::shell_word(now.text.value_or("")));
        }
        if (can_undo) {
            written.undo = undo;
        } else if (is_malformed) {
            written.undo = no_undo;
        }
    }

    /// The value that a sysctl has now; none if it is not known.
    struct Now {
        std::optional<std::string> text;
        bool is_malformed = false; // what was read is no value that it can have
    };

    Now value_now(std::string_view name) const {
        const Value runtime = of_sysctl(name, "runtime");
        return runtime.is_text() ? usable(runtime, of_sysctl(name, "number")) : Now{};
    }

    /// A fact about a sysctl of the namespace; missing if it has no row.
    Value of_sysctl(std::string_view name, std::string_view column) const {
        const facts::Table* sysctls = judged_.netns < facts_.namespaces.size()
                                          ? table_in(facts_.namespaces[judged_.netns], TableId::sysctl)
                                          : nullptr;
        const facts::Schema& schema = facts::schema(TableId::sysctl);
        for (std::size_t row = 0; sysctls != nullptr && row < sysctls->size(); ++row) {
            const Value found = sysctls->get(row, *schema.find("name"));
            if (found.is_text() && found.text() == name) {
                return sysctls->get(row, *schema.find(column));
            }
        }
        return base::Gap{std::string(name), base::Why::absent, {}};
    }

    static Now usable(const Value& runtime, const Value& number) {
        if (!runtime.is_text()) {
            return {};
        }
        const std::string text = base::one_line(runtime.text()); // the kernel separates numbers by tabs
        const bool is_malformed =
            !is_of_numbers(text) || (!number.known() && number.gap().why == base::Why::failed);
        return is_malformed ? Now{std::nullopt, true} : Now{text, false};
    }

    const Rule& rule_;
    const Advice& advice_;
    const RuleSet& rules_;
    const facts::Facts& facts_;
    const JudgedRow& judged_;
    Effects* effects_;
    Context context_;
    std::string value_text_;
    std::string whole_text_;
    SpecialTexts special_;
    SpecialTexts of_sysctls_; // which take whole numbers
};

const Range* range_of(const Threshold& threshold, const Override* exception,
                      const std::optional<Range> Override::*own) {
    if (exception != nullptr && !exception->expired && exception->*own) {
        return &*(exception->*own);
    }
    return threshold.range ? &*threshold.range : nullptr;
}

} // namespace

Finding write_finding(const Rule& rule, const Advice& advice, const RuleSet& rules, const facts::Facts& facts,
                      const JudgedRow& judged, Effects* effects) {
    return Writer(rule, advice, rules, facts, judged, effects).write();
}

const Range* warning_of(const Rule& rule, const Override* exception) {
    return range_of(rule.warning, exception, &Override::warning);
}

const Range* critical_of(const Rule& rule, const Override* exception) {
    return range_of(rule.critical, exception, &Override::critical);
}

Context context_of(const Rule& rule, const facts::Facts& facts, std::size_t netns, std::size_t row) {
    Context context;
    context.row = row;
    context.host = facts.host.get();
    context.parameters = rule.parameter_values;
    if (rule.table == TableId::host) {
        context.row_table = facts.host.get();
        return context;
    }
    const facts::NetnsFacts& inside = facts.namespaces[netns];
    context.netns = table_in(inside, TableId::netns);
    context.row_table = table_in(inside, rule.table);
    return context;
}

} // namespace rules

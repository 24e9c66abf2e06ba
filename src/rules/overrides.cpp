#include "rules/overrides.h"

#include "base/text.h"
#include "facts/schema.h"
#include "rules/reader.h"
#include "rules/resolve.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rules {

namespace {

using facts::Value;
using findings::OverrideNote;

/// What one row shows under each key that some override names: read once, however many there are.
class RowSubjects {
  public:
    RowSubjects(const facts::Facts& facts, const Context& context, std::size_t netns)
        : facts_(facts), context_(context), netns_(netns) {}

    bool fit(const Subject& subject) {
        const auto known = std::find_if(read_.begin(), read_.end(),
                                        [&](const auto& each) { return each.first == subject.key; });
        const auto& shown = known != read_.end()
                                ? known->second
                                : read_.emplace_back(std::string_view(subject.key), read(subject.key)).second;
        return shown && subject.fits(*shown);
    }

  private:
    std::optional<ShownSubject> read(std::string_view key) const {
        if (key == "namespace") {
            return ShownSubject(key, facts_.namespaces[netns_].label);
        }
        const auto column = context_.row_table->schema().find(key);
        if (!column) {
            return std::nullopt;
        }
        const Value value = context_.row_table->get(context_.row, *column);
        return value.is_text() ? std::optional(ShownSubject(key, value.text())) : std::nullopt;
    }

    const facts::Facts& facts_;
    const Context& context_;
    std::size_t netns_;
    std::vector<std::pair<std::string_view, std::optional<ShownSubject>>> read_;
};

/// "source 10.0.0.1, remote 192.0.2.1:443"; a row without a subject is its namespace.
std::string row_text(const Rule& rule, const facts::Facts& facts, const JudgedRow& judged) {
    const Context context = context_of(rule, facts, judged.netns, judged.row);
    const facts::Schema& schema = facts::schema(rule.table);
    std::vector<std::string> parts;
    for (const std::string_view name : schema.subject) {
        if (const auto column = schema.find(name)) {
            parts.push_back(std::string(name) + " " + to_text(context.row_table->get(judged.row, *column)));
        }
    }
    return parts.empty() ? "namespace " + facts.namespaces[judged.netns].label : base::join(parts, ", ");
}

} // namespace

std::string describe(const Override& exception) {
    if (exception.ignore) {
        return "ignored";
    }
    std::vector<std::string> ranges;
    if (exception.warning) {
        ranges.push_back("warning " + exception.warning->text);
    }
    if (exception.critical) {
        ranges.push_back("critical " + exception.critical->text);
    }
    return "judged by " + base::join(ranges, ", ");
}

const Override* override_for(const Rule& rule, const facts::Facts& facts, const Context& context,
                             std::size_t netns) {
    const Override* expired = nullptr;
    RowSubjects row(facts, context, netns);
    for (const Override& exception : rule.overrides) {
        const bool all_fit = std::all_of(exception.subject.begin(), exception.subject.end(),
                                         [&](const Subject& subject) { return row.fit(subject); });
        if (all_fit && !exception.expired) {
            return &exception;
        }
        expired = all_fit && expired == nullptr ? &exception : expired;
    }
    return expired;
}

void OverrideNotes::add(const Override& exception, const facts::Facts& facts, const JudgedRow& without,
                        findings::State with) {
    if (exception.expired || without.state <= with) {
        return;
    }
    Hidden& hidden = hidden_[&exception];
    ++hidden.subjects;
    if (without.state > hidden.state) {
        hidden.state = without.state;
        hidden.example = row_text(rule_, facts, without);
    }
}

std::vector<OverrideNote> OverrideNotes::all() const {
    std::vector<OverrideNote> notes;
    for (const Override& exception : rule_.overrides) {
        const auto found = hidden_.find(&exception);
        if (found == hidden_.end() && !exception.expired) {
            continue;
        }
        OverrideNote note;
        note.kind = exception.expired  ? OverrideNote::Kind::expired
                    : exception.ignore ? OverrideNote::Kind::ignored
                                       : OverrideNote::Kind::eased;
        note.subject = to_text(exception.subject);
        note.effect = describe(exception);
        note.reason = exception.reason;
        note.expires = exception.expires;
        note.origin = rules_.describe(exception.origin);
        if (found != hidden_.end()) {
            note.hidden = found->second.state;
            note.example = found->second.example;
            note.subjects = found->second.subjects;
        }
        notes.push_back(std::move(note));
    }
    return notes;
}

namespace {

using Kind = Node::Kind;

constexpr auto override_keys =
    std::to_array<std::string_view>({"rule", "remote", "listener", "owner", "source", "name", "namespace",
                                     "reason", "expires", "warning", "critical", "ignore"});
constexpr double day = 86400; // seconds
constexpr const char* why_a_reason = "say why, for those who come after you";
constexpr const char* what_it_changes = "add either new ranges (warning, critical) or ignore = true";

class OverrideReader {
  public:
    OverrideReader(const Node& table, std::uint16_t file, double now, Reporter& reporter)
        : table_(table), now_(now), reporter_(reporter), errors_before_(reporter.errors()),
          keys_(table, "an override", override_keys, reporter) {
        change_.origin = {file, table.mark.line};
    }

    void read(const FindRule& find) {
        const Node* id = keys_.require("rule", Kind::text, "name the rule that it changes");
        Rule* rule = id != nullptr ? find(*id) : nullptr;
        read_reason();
        if (const Node* ignore = keys_.get("ignore", Kind::boolean)) {
            change_.ignore = ignore->truth;
        }
        read_expiry();
        if (rule == nullptr) {
            return;
        }
        read_subjects(*rule);
        read_ranges(*rule);
        if (reporter_.errors() == errors_before_) {
            warn_if_expired(*rule);
            rule->overrides.push_back(std::move(change_));
        }
    }

  private:
    void read_reason() {
        const Node* reason = keys_.require("reason", Kind::text, why_a_reason);
        if (reason == nullptr) {
            return;
        }
        change_.reason = reason->text;
        if (base::trim(reason->text).empty()) {
            reporter_.error(reason->mark, "an override with an empty 'reason'", why_a_reason);
        }
    }

    void read_expiry() {
        const Node* node = keys_.get_any("expires");
        if (node == nullptr) {
            if (change_.ignore) {
                reporter_.error(table_.mark, "an override that ignores has no 'expires'",
                                "add the last day: expires = 2027-01-31");
            }
            return;
        }
        if (node->kind != Kind::date || node->text.empty()) {
            reporter_.error(node->mark,
                            fmt::format("'expires' must be a date, this is {}",
                                        node->kind == Kind::date ? "a time" : describe(node->kind)),
                            "write the last day without quotes: expires = 2027-01-31");
            return;
        }
        change_.expires = node->text;
        change_.ends = node->number + day;
        change_.expired = now_ >= *change_.ends;
    }

    void read_subjects(const Rule& rule) {
        bool given = false;
        for (const std::string_view key : subject_keys) {
            given = given || keys_.get_any(key) != nullptr;
            if (const Node* node = keys_.get(key, Kind::text)) {
                read_subject(rule, key, *node);
            }
        }
        if (!given) {
            reporter_.error(table_.mark, "an override without a subject",
                            fmt::format("name one of {}, or change the whole rule under [rule.{}]",
                                        fmt::join(subject_keys, ", "), rule.id));
        }
    }

    void read_subject(const Rule& rule, std::string_view key, const Node& node) {
        const facts::Schema& schema = facts::schema(rule.table);
        const bool known =
            key == "namespace" ? rule.table != facts::TableId::host : schema.find(key).has_value();
        if (!known) {
            reporter_.error(node.mark, fmt::format("'{}' judges no {}", rule.id, key),
                            fmt::format("it judges each {}", schema.name));
            return;
        }
        auto subject = parse_subject(key, node.text);
        if (!subject) {
            reporter_.error(node.mark, subject.error().message, subject.error().advice);
            return;
        }
        change_.subject.push_back(std::move(*subject));
    }

    void read_ranges(const Rule& rule) {
        read_range_of("warning", rule, change_.warning);
        read_range_of("critical", rule, change_.critical);
        const bool ranges = keys_.get_any("warning") != nullptr || keys_.get_any("critical") != nullptr;
        if (change_.ignore == ranges) {
            reporter_.error(table_.mark,
                            ranges ? "an override that ignores has no ranges"
                                   : "an override that changes nothing",
                            rule.condition.empty() ? what_it_changes : "add ignore = true");
        }
    }

    void read_range_of(std::string_view name, const Rule& rule, std::optional<Range>& range) {
        const Node* node = keys_.get_any(name);
        if (node == nullptr) {
            return;
        }
        if (rule.condition.empty()) {
            range = read_range(*node, rule.unit, reporter_);
        } else {
            reporter_.error(node->mark, fmt::format("'{}' has no ranges: it judges a condition", rule.id),
                            "its overrides can only ignore: ignore = true, with the last day in expires");
        }
    }

    void warn_if_expired(const Rule& rule) {
        if (change_.expired) {
            reporter_.warning(table_.mark,
                              fmt::format("the override of '{}' for {} expired on {} and does not apply",
                                          rule.id, base::printable(to_text(change_.subject)),
                                          change_.expires),
                              fmt::format("remove it, or renew it; its reason was: {}", change_.reason));
        }
    }

    const Node& table_;
    double now_;
    Reporter& reporter_;
    std::size_t errors_before_;
    TableReader keys_;
    Override change_;
};

} // namespace

void read_override(const Node& table, const FindRule& find, std::uint16_t file, double now,
                   Reporter& reporter) {
    OverrideReader(table, file, now, reporter).read(find);
}

} // namespace rules

#include "rules/override_reader.h"

#include "base/text.h"
#include "facts/schema.h"
#include "rules/rule_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rules {
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

#include "rules/perfdata.h"

#include "base/number.h"
#include "base/text.h"
#include "facts/schema.h"
#include "rules/compute.h"

#include <algorithm>
#include <array>

namespace rules {
namespace {

using facts::TableId;
using findings::Perfdatum;

constexpr auto all = std::to_array<Label>({
    {"ports_used_percent", TableId::netns, "ports_used_percent", "%", Sum::worst, "ephemeral-port-exhaustion",
     "ports", "at most {} % of the ports to a destination in use"},
    {"ports_load_percent", TableId::netns, "ports_load_percent", "%", Sum::worst, "", "ports", ""},
    {"established", TableId::netns, "established", "", Sum::total, "", "ports", "{} ESTABLISHED"},
    {"time_wait", TableId::netns, "time_wait", "", Sum::total, "", "time-wait", "{} TIME_WAIT"},
    {"close_wait", TableId::netns, "close_wait", "", Sum::total, "", "close-wait", "{} CLOSE_WAIT"},
    {"close_wait_leaked", TableId::netns, "close_wait_leaked", "", Sum::total, "", "close-wait",
     "{} of them leaked"},
    {"syn_sent", TableId::netns, "syn_sent", "", Sum::total, "", "ports", "{} SYN_SENT"},
    {"syn_recv", TableId::netns, "syn_recv", "", Sum::total, "", "listeners", "{} SYN_RECV"},
    {"fin_wait", TableId::netns, "fin_wait", "", Sum::total, "", "time-wait", "{} FIN_WAIT"},
    {"orphans", TableId::host, "orphans", "", Sum::total, "", "resources", "{} orphans"},
    {"accept_queue_percent", TableId::netns, "accept_queue_percent", "%", Sum::worst, "", "listeners",
     "fullest accept queue {} %"},
    {"tcp_memory_percent", TableId::host, "tcp_memory_percent", "%", Sum::worst, "tcp-memory-pressure",
     "resources", "TCP memory {} %"},
    {"conntrack_percent", TableId::netns, "conntrack_percent", "%", Sum::worst, "conntrack-pressure",
     "resources", "conntrack {} %"},
    {"listen_overflows", TableId::netns, "listen_overflows", "c", Sum::total, "", "listeners", ""},
    {"time_wait_overflows", TableId::netns, "time_wait_overflows", "c", Sum::total, "", "time-wait", ""},
    {"rules_alerting", TableId::host, "", "", Sum::total, "", "", ""},
});

/// One fact over all namespaces.
class Aggregate {
  public:
    explicit Aggregate(Sum sum) : sum_(sum) {}

    void add(const facts::Table* table, std::string_view fact) {
        const auto column = table != nullptr ? table->schema().find(fact) : std::nullopt;
        if (!column || table->size() == 0) {
            return;
        }
        const facts::Value value = table->get(0, *column);
        if (!value.known()) {
            unreadable_ = unreadable_ || is_harmful(value.gap());
        } else if (value.basis() == facts::Basis::at_least) {
            unreadable_ = true; // how many more there are is not known
        } else if (value.is_number()) {
            const double before = number_.value_or(value.number());
            number_ =
                !number_ || sum_ == Sum::worst ? std::max(before, value.number()) : before + value.number();
        }
    }

    bool absent() const { return !number_ && !unreadable_; }
    /// None if a part of it could not be read.
    std::optional<double> number() const { return unreadable_ ? std::nullopt : number_; }

  private:
    Sum sum_;
    std::optional<double> number_;
    bool unreadable_ = false;
};

Aggregate total_of(const Label& label, const facts::Facts& facts) {
    Aggregate total(label.sum);
    if (label.table == TableId::host) {
        total.add(facts.host.get(), label.fact);
        return total;
    }
    for (const facts::NetnsFacts& each : facts.namespaces) {
        total.add(each.tables[static_cast<std::size_t>(label.table)].get(), label.fact);
    }
    return total;
}

double alerting(const findings::Report& report) {
    return static_cast<double>(std::count_if(report.rules.begin(), report.rules.end(), [](const auto& rule) {
        return rule.state.value_or(findings::State::ok) >= findings::State::warning;
    }));
}

void add_ranges(const RuleSet& rules, const Label& label, Perfdatum& datum) {
    const Rule* rule = label.rule.empty() ? nullptr : rules.find(label.rule);
    if (rule == nullptr || !rule->active || rule->unit != label.unit || !rule->condition.empty()) {
        return;
    }
    datum.warning = rule->warning.range ? rule->warning.range->canonical() : std::string();
    datum.critical = rule->critical.range ? rule->critical.range->canonical() : std::string();
}

} // namespace

std::span<const Label> labels() {
    return all;
}

namespace {

const Label* label_named(std::string_view name) {
    const auto* found =
        std::find_if(all.begin(), all.end(), [&](const Label& label) { return label.label == name; });
    return found != all.end() ? found : nullptr;
}

bool belongs(const Perfdatum& datum, const std::vector<std::string>& tags) {
    const Label* label = label_named(datum.label);
    return label == nullptr || label->topic.empty() ||
           std::find(tags.begin(), tags.end(), label->topic) != tags.end();
}

} // namespace

void keep_topics(const std::vector<std::string>& tags, std::vector<Perfdatum>& data) {
    const bool topical = std::any_of(all.begin(), all.end(), [&](const Label& label) {
        return std::find(tags.begin(), tags.end(), label.topic) != tags.end();
    });
    if (topical) {
        std::erase_if(data, [&](const Perfdatum& datum) { return !belongs(datum, tags); });
    }
}

std::string in_words(const std::vector<Perfdatum>& data) {
    std::vector<std::string> words;
    for (const Perfdatum& datum : data) {
        const Label* label = label_named(datum.label);
        if (label == nullptr || label->phrase.empty() || !datum.value) {
            continue;
        }
        std::string text(label->phrase);
        words.push_back(text.replace(text.find("{}"), 2, base::to_text(*datum.value)));
    }
    return base::join(words, ", ");
}

std::vector<Perfdatum> measure(const RuleSet& rules, const findings::Report& report,
                               const facts::Facts& facts) {
    std::vector<Perfdatum> data;
    for (const Label& label : all) {
        Perfdatum datum;
        datum.label = std::string(label.label);
        datum.unit = std::string(label.unit);
        if (label.fact.empty()) {
            datum.value = alerting(report);
        } else {
            const Aggregate total = total_of(label, facts);
            if (total.absent()) {
                continue;
            }
            datum.value = total.number();
        }
        add_ranges(rules, label, datum);
        data.push_back(std::move(datum));
    }
    return data;
}

} // namespace rules

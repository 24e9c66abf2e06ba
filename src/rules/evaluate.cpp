#include "rules/evaluate.h"

#include "facts/schema.h"
#include "rules/compute.h"
#include "rules/effect.h"
#include "rules/finding_writer.h"
#include "rules/fold.h"
#include "rules/overrides.h"
#include "rules/perfdata.h"
#include "rules/reader.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace rules {

namespace {

using facts::TableId;
using findings::State;

bool worse(const JudgedRow& a, const JudgedRow& b) {
    if (a.state != b.state) {
        return a.state > b.state;
    }
    if (a.excess != b.excess) {
        return a.excess > b.excess;
    }
    return a.netns != b.netns ? a.netns < b.netns : a.row < b.row;
}

/// Judges all subjects of one rule.
class Judge {
  public:
    Judge(const Rule& rule, const RuleSet& rules, const facts::Facts& facts, Effects* effects,
          history::Recall* recall)
        : rule_(rule), rules_(rules), facts_(facts), effects_(effects), notes_(rule, rules) {
        if (recall != nullptr) {
            past_.recall = recall;
            past_.rule = fingerprint_of(rule);
            past_.known = recall->knows(past_.rule);
        }
    }

    TableId table() const { return rule_.table; }

    void no_namespaces() { note_gap({"the network namespace", base::Why::failed, "none was read"}); }

    /// The rows of its table in this namespace come next. Null if there is no such table, which is noted.
    const facts::Table* open(std::size_t netns) {
        context_ = context_of(rule_, facts_, netns, 0);
        netns_ = netns;
        if (context_.row_table == nullptr) {
            note_gap({fmt::format("the table '{}'", facts::schema(rule_.table).name),
                      base::Why::not_collected, ""});
        }
        return context_.row_table;
    }

    /// How a row fared. Of one that is `loud` there is something to say.
    enum class Fared : std::uint8_t { left_out, well, skipped, unknown, loud };

    /// Adds the columns that were asked for to `asked`.
    Fared judge(std::size_t row, facts::ColumnSet& asked) {
        context_.row = row;
        context_.asked = &asked;
        return judge_one(context_, netns_);
    }

    /// So many rows more fared like that. What was missing of them has been noted of the first.
    void add(Fared fared, std::size_t rows) {
        judged_ += fared == Fared::well ? rows : 0;
        skipped_ += fared == Fared::skipped ? rows : 0;
        unknown_ += fared == Fared::unknown ? rows : 0;
    }

    /// There was no time for so many rows of the table.
    void leave(std::size_t rows) { left_ += rows; }

    /// No more rows of the table come.
    void close() {
        if (in_doubt_) {
            ++alerting_;
            kept_.push_back(*in_doubt_);
            in_doubt_.reset();
        }
        rows_ += context_.row_table->size();
        if (const auto gap = context_.row_table->incomplete()) {
            note_incomplete(*gap);
        }
    }

    /// The rows for which there was no time; none if there are none.
    std::optional<base::Gap> left_out() const {
        if (left_ == 0) {
            return std::nullopt;
        }
        return base::Gap{fmt::format("{} of {} rows of '{}'", left_, rows_, facts::schema(rule_.table).name),
                         base::Why::failed, time_was_up};
    }

    Verdict verdict() {
        Verdict verdict{outcome(), findings()};
        if (past_.recall != nullptr && verdict.outcome.state && unknown_ == 0 && !incomplete_gap_ &&
            left_ == 0) {
            past_.recall->judged(past_.rule);
        }
        return verdict;
    }

  private:
    Fared judge_one(const Context& context, std::size_t netns) {
        const RowVerdict verdict = judge_row(rule_, facts_, context, netns, past_);
        note_override(verdict, context, netns);
        const bool is_own = past_.known || !rule_.overrides.empty(); // it may depend on which row it is
        if (verdict.kind == RowVerdict::Kind::missing) {
            note_gap(*verdict.gap);
            return is_own ? Fared::loud : is_harmful(*verdict.gap) ? Fared::unknown : Fared::skipped;
        }
        if (verdict.kind != RowVerdict::Kind::judged) {
            return is_own ? Fared::loud : Fared::left_out;
        }
        ++judged_;
        if (verdict.waits_since) {
            ++waiting_;
            waits_since_ = std::min(waits_since_, *verdict.waits_since);
        }
        if (verdict.unsure) {
            note_gap(*verdict.unsure);
        }
        if (verdict.judged.state != State::ok) {
            keep(verdict.judged);
        }
        const bool is_loud =
            is_own || verdict.judged.state != State::ok || verdict.waits_since || verdict.unsure;
        return is_loud ? Fared::loud : Fared::well;
    }

    /// What an override hides; a subject that is still waiting is hidden by that.
    void note_override(const RowVerdict& verdict, const Context& context, std::size_t netns) {
        const Override* exception = verdict.judged.exception;
        if (exception != nullptr && !exception->expired && !verdict.waits_since) {
            const RowVerdict without =
                judge_row(rule_, facts_, context, netns, RulePast(), Overrides::disregarded);
            notes_.add(*exception, facts_, without.judged, verdict.judged.state);
        }
    }

    /// What makes one subject of a namespace doubtful makes many so: the worst of them speaks for all.
    void keep(const JudgedRow& judged) {
        worst_ = std::max(worst_, judged.state);
        if (judged.only_in_doubt) {
            in_doubt_ = in_doubt_ && worse(*in_doubt_, judged) ? in_doubt_ : judged;
            return;
        }
        ++alerting_;
        kept_.push_back(judged);
        if (kept_.size() > 4 * most_findings) {
            trim();
        }
    }

    void trim() {
        std::sort(kept_.begin(), kept_.end(), worse);
        if (kept_.size() > most_findings) {
            kept_.erase(kept_.begin() + most_findings, kept_.end());
        }
    }

    void note_gap(const base::Gap& gap) {
        const bool harmful = is_harmful(gap);
        std::size_t& count = harmful ? unknown_ : skipped_;
        std::optional<base::Gap>& first = harmful ? unknown_gap_ : skipped_gap_;
        if (++count == 1) {
            first = gap;
        }
    }

    void note_incomplete(const base::Gap& gap) {
        if (gap.why == base::Why::absent && judged_ == 0) {
            note_gap(gap);
            return;
        }
        incomplete_gap_ = incomplete_gap_.value_or(gap);
    }

    findings::RuleOutcome outcome() const {
        findings::RuleOutcome outcome{rule_.id, worst_, "", judged_};
        outcome.overrides = notes_.all();
        outcome.topic = topic();
        if (unknown_ > 0) {
            outcome.state = std::max(worst_, State::unknown);
            outcome.reason = with_count(*unknown_gap_, unknown_);
            outcome.lacks = unknown_gap_;
        } else if (const auto left = left_out()) {
            outcome.state = std::max(worst_, State::unknown);
            outcome.reason = base::to_text(*left);
            outcome.lacks = left;
        } else if (incomplete_gap_) {
            outcome.state = std::max(worst_, State::unknown);
            outcome.reason = base::to_text(*incomplete_gap_);
            outcome.lacks = incomplete_gap_;
        } else if (judged_ == 0 && skipped_ > 0) {
            outcome.state = std::nullopt;
            outcome.reason = with_count(*skipped_gap_, skipped_);
            outcome.lacks = skipped_gap_;
        }
        if (waiting_ > 0) {
            outcome.waiting = waiting_;
            outcome.waiting_since = waits_since_;
            outcome.wait_seconds = rule_.wait_seconds;
        }
        return outcome;
    }

    std::string topic() const {
        const auto is_topic = [](const std::string& tag) {
            return std::find(purposes.begin(), purposes.end(), tag) == purposes.end();
        };
        const auto found = std::find_if(rule_.tags.begin(), rule_.tags.end(), is_topic);
        return found != rule_.tags.end() ? *found : std::string();
    }

    static std::string with_count(const base::Gap& gap, std::size_t count) {
        const std::string reason = base::to_text(gap);
        return count == 1 ? reason : fmt::format("{} (the first of {})", reason, count);
    }

    std::vector<findings::Finding> findings() {
        trim();
        std::vector<findings::Finding> all;
        const Advice advice = kept_.empty() ? Advice() : advice_of(rule_);
        for (const JudgedRow& judged : kept_) {
            all.push_back(write_finding(rule_, advice, rules_, facts_, judged, effects_));
        }
        if (alerting_ > kept_.size()) {
            const std::size_t rest = alerting_ - kept_.size();
            all.back().summary += fmt::format(" (and {} more)", rest);
            findings::Evidence more;
            more.name = "further_subjects";
            more.number = static_cast<double>(rest);
            all.back().evidence.push_back(std::move(more));
        }
        return all;
    }

    const Rule& rule_;
    const RuleSet& rules_;
    const facts::Facts& facts_;
    Effects* effects_;
    RulePast past_;
    Context context_; // of the present row
    std::size_t netns_ = 0;
    OverrideNotes notes_;
    State worst_ = State::ok;
    std::size_t judged_ = 0;
    std::size_t alerting_ = 0;
    std::size_t waiting_ = 0;
    double waits_since_ = std::numeric_limits<double>::infinity();
    std::vector<JudgedRow> kept_;
    std::optional<JudgedRow> in_doubt_; // of this namespace
    std::size_t unknown_ = 0;
    std::optional<base::Gap> unknown_gap_;
    std::size_t skipped_ = 0;
    std::optional<base::Gap> skipped_gap_;
    std::optional<base::Gap> incomplete_gap_;
    std::size_t rows_ = 0; // of its table, in all namespaces
    std::size_t left_ = 0;
};

using Judges = std::vector<Judge*>;

/// Rows of one kind that no rule has anything to say of: a host with 100 000 destinations has a handful of
/// kinds.
class QuietKinds {
  public:
    QuietKinds(const facts::Table& table, const Judges& judges) : table_(table), judges_(judges) {}

    /// Is the row of a kind that was quiet? Then it is judged.
    bool take(std::size_t row) {
        kind_ = table_.kind(row);
        const auto known = kind_.empty() ? groups_.end() : groups_.find(kind_);
        if (known == groups_.end()) {
            return false;
        }
        ++known->second.further;
        return true;
    }

    /// How the last row fared, and which columns decided that.
    void learn(std::vector<Judge::Fared> fared, const facts::ColumnSet& asked) {
        constexpr std::size_t most = 4096;
        const bool is_quiet = std::find(fared.begin(), fared.end(), Judge::Fared::loud) == fared.end();
        if (!kind_.empty() && is_quiet && (asked & ~table_.kind_columns()).none() && groups_.size() < most) {
            groups_.emplace(std::string(kind_), Group{std::move(fared), 0});
        }
    }

    ~QuietKinds() {
        for (const auto& [kind, group] : groups_) {
            for (std::size_t i = 0; i < judges_.size(); ++i) {
                judges_[i]->add(group.fared[i], group.further);
            }
        }
    }
    QuietKinds(const QuietKinds&) = delete;
    QuietKinds& operator=(const QuietKinds&) = delete;

  private:
    struct Group {
        std::vector<Judge::Fared> fared; // by each of the judges
        std::size_t further = 0;         // rows
    };

    const facts::Table& table_;
    const Judges& judges_;
    std::string_view kind_; // of the last row
    std::map<std::string, Group, std::less<>> groups_;
};

/// Gives the number of rows for which there was time.
std::size_t judge_rows(const facts::Table& table, const Judges& judges, const Stop& stop) {
    constexpr std::size_t between_looks_at_the_clock = 8; // a row with many overrides takes milliseconds
    QuietKinds quiet(table, judges);
    for (std::size_t row = 0; row < table.size(); ++row) {
        if (row % between_looks_at_the_clock == 0 && stop && stop()) {
            return row;
        }
        if (quiet.take(row)) {
            continue;
        }
        facts::ColumnSet asked;
        std::vector<Judge::Fared> fared;
        for (Judge* judge : judges) {
            fared.push_back(judge->judge(row, asked));
        }
        quiet.learn(std::move(fared), asked);
    }
    return table.size();
}

/// Row by row, and not rule by rule: what is worked out for a row serves every rule.
void judge_table(const Judges& judges, std::size_t netns, const Stop& stop) {
    Judges open;
    const facts::Table* table = nullptr;
    for (Judge* judge : judges) {
        if (const facts::Table* of_rule = judge->open(netns)) {
            open.push_back(judge);
            table = of_rule;
        }
    }
    const std::size_t judged = table != nullptr ? judge_rows(*table, open, stop) : 0;
    for (Judge* judge : open) {
        judge->leave(table->size() - judged);
        judge->close();
    }
}

/// `judges` are of rules about this table.
void judge_everywhere(const Judges& judges, TableId table, const facts::Facts& facts, const Stop& stop) {
    if (table == TableId::host) {
        judge_table(judges, 0, stop);
        return;
    }
    for (std::size_t i = 0; i < facts.namespaces.size(); ++i) {
        judge_table(judges, i, stop);
    }
    if (facts.namespaces.empty()) {
        std::for_each(judges.begin(), judges.end(), [](Judge* judge) { judge->no_namespaces(); });
    }
}

/// In all namespaces; 0 for tables of one row each.
std::size_t rows_of(TableId table, const facts::Facts& facts) {
    std::size_t rows = 0;
    for (const facts::NetnsFacts& netns : facts.namespaces) {
        const auto& there = netns.tables[static_cast<std::size_t>(table)];
        rows += there ? there->size() : 0;
    }
    return table == TableId::host || table == TableId::netns ? 0 : rows;
}

/// The smallest first: if the time does not suffice, one huge table does not leave the others unjudged.
void judge_all(std::deque<Judge>& judges, const facts::Facts& facts, const Stop& stop) {
    std::map<std::pair<std::size_t, TableId>, Judges> by_size;
    for (Judge& judge : judges) {
        by_size[{rows_of(judge.table(), facts), judge.table()}].push_back(&judge);
    }
    for (const auto& [size_and_table, of_table] : by_size) {
        judge_everywhere(of_table, size_and_table.second, facts, stop);
    }
}

/// What there was no time for; rules about one table lack the same.
std::vector<base::Gap> left_out_of(const std::deque<Judge>& judges, const std::optional<Effects>& effects) {
    std::vector<base::Gap> gaps;
    for (const Judge& judge : judges) {
        const auto gap = judge.left_out();
        if (gap && std::find(gaps.begin(), gaps.end(), *gap) == gaps.end()) {
            gaps.push_back(*gap);
        }
    }
    if (effects && effects->left_out()) {
        gaps.push_back({"what remedies would change", base::Why::failed, time_was_up});
    }
    return gaps;
}

void note(const std::vector<base::Gap>& left_out, findings::Report& report) {
    report.gaps.insert(report.gaps.end(), left_out.begin(), left_out.end());
    if (!left_out.empty() && report.worst() > State::unknown) { // else it is the reason of the verdict
        report.notes.push_back(base::complaint(left_out.front()));
    }
}

} // namespace

Verdict judge(const Rule& rule, const RuleSet& rules, const facts::Facts& facts, history::Recall* recall) {
    Judge judge(rule, rules, facts, nullptr, recall);
    judge_everywhere({&judge}, rule.table, facts, {});
    return judge.verdict();
}

findings::Report evaluate(const RuleSet& rules, const facts::Facts& facts, const WhatIf& what_if,
                          history::Recall* recall, const Stop& stop) {
    std::optional<Effects> effects;
    if (what_if) {
        effects.emplace(what_if, stop);
    }
    findings::Report report;
    for (const facts::NetnsFacts& each : facts.namespaces) {
        report.namespaces.push_back(each.label);
    }
    report.gaps = facts.gaps;
    std::deque<Judge> judges;
    for (const Rule& rule : rules.rules) {
        if (rule.active) {
            judges.emplace_back(rule, rules, facts, effects ? &*effects : nullptr, recall);
        }
    }
    judge_all(judges, facts, stop);
    for (Judge& judge : judges) {
        Verdict verdict = judge.verdict();
        report.rules.push_back(std::move(verdict.outcome));
        std::move(verdict.findings.begin(), verdict.findings.end(), std::back_inserter(report.findings));
    }
    if (what_if) {
        warn_of_harmful_drift(report, rules, facts, what_if, stop);
    }
    note(left_out_of(judges, effects), report);
    findings::sort_findings(report);
    fold(report, rules);
    report.perfdata = measure(rules, report, facts);
    return report;
}

} // namespace rules

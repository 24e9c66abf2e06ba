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

using facts::Value;
using findings::State;

class RowJudge {
  public:
    RowJudge(const Rule& rule, const facts::Facts& facts, const Context& context, std::size_t netns,
             const RulePast& past, Overrides overrides, RowVerdict& verdict)
        : rule_(rule), facts_(facts), context_(context), netns_(netns), past_(past), overrides_(overrides),
          verdict_(verdict) {}

    void run() {
        const Value applies = rule_.when.empty() ? Value(true) : compute(rule_.when, context_);
        if (!applies.known()) {
            missing(applies.gap());
            return;
        }
        if (!applies.truth() && !stays_open()) {
            if (applies.basis() == facts::Basis::at_least) {
                missing(rest());
            }
            return;
        }
        JudgedRow& judged = verdict_.judged;
        judged.netns = netns_;
        judged.row = context_.row;
        if (overrides_ == Overrides::obeyed) {
            judged.exception = override_for(rule_, facts_, context_, netns_);
        }
        if (judged.exception != nullptr && judged.exception->ignore && !judged.exception->expired) {
            return;
        }
        if (!applies.truth()) {
            show_value();
        } else if (const auto gap = judge()) {
            missing(*gap);
            return;
        }
        verdict_.kind = RowVerdict::Kind::judged;
        keep_open();
        if (judged.state != State::ok) {
            remember();
        }
    }

  private:
    void missing(const base::Gap& gap) {
        verdict_.kind = RowVerdict::Kind::missing;
        verdict_.gap = gap;
    }

    /// Why there may be more than what was counted.
    base::Gap rest() const {
        const auto why = facts_.namespaces[netns_].table(facts::TableId::listener).incomplete();
        return why.value_or(base::Gap{"the rest of the sockets", base::Why::truncated, ""});
    }

    /// By the facts of now. Gives what is missing for it.
    std::optional<base::Gap> judge() {
        const Value decisive = compute(rule_.condition.empty() ? rule_.value : rule_.condition, context_);
        if (!decisive.known()) {
            return decisive.gap();
        }
        JudgedRow& judged = verdict_.judged;
        judged.inferred = decisive.basis() != facts::Basis::measured;
        if (rule_.condition.empty()) {
            apply_ranges(decisive.number());
            judge_worst();
        } else if (decisive.truth()) {
            judged.state = rule_.severity;
            show_value();
        } else if (stays_open()) {
            show_value();
        }
        if (judged.state == State::ok && decisive.basis() == facts::Basis::at_least) {
            return rest();
        }
        if (judged.state != State::ok) {
            continue_past();
            raise(rule_.warning_when, State::warning);
            raise(rule_.critical_when, State::critical);
        }
        return std::nullopt;
    }

    void apply_ranges(double value) {
        JudgedRow& judged = verdict_.judged;
        judged.value = value;
        const Range* warning = warning_of(rule_, judged.exception);
        const Range* critical = critical_of(rule_, judged.exception);
        if (critical != nullptr && critical->alerts(value)) {
            judged.state = State::critical;
            judged.excess = critical->excess(value);
        } else if (warning != nullptr && warning->alerts(value)) {
            judged.state = State::warning;
            judged.excess = warning->excess(value);
        }
        if (rule_.hysteresis > 0) {
            judged.state = std::max(judged.state, state_that_stays(value, warning, critical));
        }
    }

    /// Where nothing tells the ends apart, by the one that hurts: in doubt about CRITICAL as the rule says.
    void judge_worst() {
        const Value worst = rule_.worst.empty() ? Value(base::Gap()) : compute(rule_.worst, context_);
        if (!worst.known()) {
            return;
        }
        JudgedRow& judged = verdict_.judged;
        const Range* warning = warning_of(rule_, judged.exception);
        const Range* critical = critical_of(rule_, judged.exception);
        const bool in_critical = critical != nullptr && critical->alerts(worst.number());
        const bool in_warning = warning != nullptr && warning->alerts(worst.number());
        const State there = in_critical ? State::critical : in_warning ? State::warning : State::ok;
        if (there <= judged.state) {
            return;
        }
        judged.only_in_doubt = judged.state == State::ok;
        judged.state = std::max(judged.state, std::min(there, in_doubt()));
        judged.worst = worst.number();
        judged.excess = std::max(judged.excess, (in_critical ? critical : warning)->excess(worst.number()));
    }

    State in_doubt() {
        const Value chosen =
            rule_.straddling.empty() ? Value(std::string("warning")) : compute(rule_.straddling, context_);
        const std::string text = chosen.known() ? to_text(chosen) : std::string();
        return text == "critical" ? State::critical : text == "ok" ? State::ok : State::warning;
    }

    /// The state of the last run, as long as the value has not come back far enough.
    State state_that_stays(double value, const Range* warning, const Range* critical) {
        const auto stays = [&](const Range* range) {
            return past_.known && range != nullptr && range->sticky(rule_.hysteresis).alerts(value);
        };
        const bool in_critical = stays(critical);
        const bool in_warning = stays(warning);
        const State before =
            (in_critical || in_warning) && earlier() != nullptr ? earlier_->state : State::ok;
        if (before == State::critical && in_critical) {
            return State::critical;
        }
        return before >= State::warning && in_warning ? State::warning : State::ok;
    }

    /// What the last run found of this subject, or null. Its name is a text, which few rows need.
    const history::Remembered* earlier() {
        if (past_.known && !subject_) {
            subject_ = subject_of(context_);
            earlier_ = past_.recall->find(past_.rule, netns_, *subject_);
        }
        return earlier_;
    }

    void continue_past() {
        if (past_.recall == nullptr) {
            return;
        }
        earlier();
        if (!subject_) {
            subject_ = subject_of(context_);
        }
        now_ = past_.recall->continued(past_.rule, *subject_, earlier_);
        context_.alerting_runs = now_.runs;
        context_.alerting_for = now_.seen - now_.since;
    }

    /// Was it spoken of so lately that it is not over yet?
    bool stays_open() {
        return rule_.keep_seconds > 0 && earlier() != nullptr && earlier_->state >= State::warning &&
               past_.recall->uptime() - earlier_->held < rule_.keep_seconds;
    }

    void keep_open() {
        JudgedRow& judged = verdict_.judged;
        if (judged.state >= State::warning || !stays_open()) {
            return;
        }
        if (judged.state == State::ok) {
            now_ = *earlier_; // it did not alert: no further run
            now_.seen = past_.recall->uptime();
        }
        judged.state = earlier_->state;
        judged.over_for = past_.recall->uptime() - earlier_->held;
    }

    /// And was not reported yet: what was reported does not go back to waiting.
    bool began_under_our_eyes() {
        return earlier() != nullptr ? earlier_->state == State::ok
                                    : past_.recall->watched(past_.rule, netns_);
    }

    /// What the next run will find; and an alert that has not lasted long enough is none yet.
    void remember() {
        if (past_.recall == nullptr || !past_.recall->counts(earlier())) {
            return; // who leaves no memory and finds none cannot say that it is the first
        }
        JudgedRow& judged = verdict_.judged;
        if (judged.state >= State::warning && !judged.over_for) {
            now_.held = now_.seen;
        }
        judged.since = past_.recall->time_of(now_.since);
        now_.state = judged.state;
        if (now_.seen - now_.since < rule_.wait_seconds && began_under_our_eyes()) {
            now_.state = State::ok;
            judged.state = State::ok;
            verdict_.waits_since = judged.since;
        }
        past_.recall->note(netns_, now_);
    }

    /// The number of a rule whose condition, and not its value, decides.
    void show_value() {
        if (rule_.value.empty()) {
            return;
        }
        const Value shown = compute(rule_.value, context_);
        if (shown.known()) {
            JudgedRow& judged = verdict_.judged;
            judged.value = shown.number();
            judged.excess = shown.number();
            judged.inferred = judged.inferred || shown.basis() == facts::Basis::inferred;
        }
    }

    void raise(const Expression& condition, State to) {
        if (condition.empty() || verdict_.judged.state >= to) {
            return;
        }
        const Value holds = compute(condition, context_);
        if (!holds.known()) {
            if (is_harmful(holds.gap()) && !verdict_.unsure) {
                verdict_.unsure = holds.gap();
            }
        } else if (holds.truth()) {
            verdict_.judged.state = to;
        }
    }

    const Rule& rule_;
    const facts::Facts& facts_;
    Context context_;
    std::size_t netns_;
    const RulePast& past_;
    Overrides overrides_;
    std::optional<std::uint64_t> subject_;
    const history::Remembered* earlier_ = nullptr;
    history::Remembered now_;
    RowVerdict& verdict_;
};

} // namespace

RowVerdict judge_row(const Rule& rule, const facts::Facts& facts, const Context& context, std::size_t netns,
                     const RulePast& past, Overrides overrides) {
    RowVerdict verdict;
    RowJudge(rule, facts, context, netns, past, overrides, verdict).run();
    return verdict;
}

namespace {

using facts::TableId;

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

    /// All rows of the table were judged.
    void close() {
        if (in_doubt_) {
            ++alerting_;
            kept_.push_back(*in_doubt_);
            in_doubt_.reset();
        }
        if (const auto gap = context_.row_table->incomplete()) {
            note_incomplete(*gap);
        }
    }

    Verdict verdict() {
        Verdict verdict{outcome(), findings()};
        if (past_.recall != nullptr && verdict.outcome.state && unknown_ == 0 && !incomplete_gap_) {
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
        } else if (incomplete_gap_) {
            outcome.state = std::max(worst_, State::unknown);
            outcome.reason = base::to_text(*incomplete_gap_);
            outcome.lacks = incomplete_gap_;
        } else if (judged_ == 0 && skipped_ > 0) {
            outcome.state = std::nullopt;
            outcome.reason = with_count(*skipped_gap_, skipped_);
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

void judge_rows(const facts::Table& table, const Judges& judges) {
    QuietKinds quiet(table, judges);
    for (std::size_t row = 0; row < table.size(); ++row) {
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
}

/// Row by row, and not rule by rule: what is worked out for a row serves every rule.
void judge_table(const Judges& judges, std::size_t netns) {
    Judges open;
    const facts::Table* table = nullptr;
    for (Judge* judge : judges) {
        if (const facts::Table* of_rule = judge->open(netns)) {
            open.push_back(judge);
            table = of_rule;
        }
    }
    if (table != nullptr) {
        judge_rows(*table, open);
    }
    for (Judge* judge : open) {
        judge->close();
    }
}

/// `judges` are of rules about this table.
void judge_everywhere(const Judges& judges, TableId table, const facts::Facts& facts) {
    if (table == TableId::host) {
        judge_table(judges, 0);
        return;
    }
    for (std::size_t i = 0; i < facts.namespaces.size(); ++i) {
        judge_table(judges, i);
    }
    if (facts.namespaces.empty()) {
        std::for_each(judges.begin(), judges.end(), [](Judge* judge) { judge->no_namespaces(); });
    }
}

void judge_all(std::deque<Judge>& judges, const facts::Facts& facts) {
    std::map<TableId, Judges> by_table;
    for (Judge& judge : judges) {
        by_table[judge.table()].push_back(&judge);
    }
    for (const auto& [table, of_table] : by_table) {
        judge_everywhere(of_table, table, facts);
    }
}

} // namespace

Verdict judge(const Rule& rule, const RuleSet& rules, const facts::Facts& facts, history::Recall* recall) {
    Judge judge(rule, rules, facts, nullptr, recall);
    judge_everywhere({&judge}, rule.table, facts);
    return judge.verdict();
}

findings::Report evaluate(const RuleSet& rules, const facts::Facts& facts, const WhatIf& what_if,
                          history::Recall* recall) {
    std::optional<Effects> effects;
    if (what_if) {
        effects.emplace(what_if);
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
    judge_all(judges, facts);
    for (Judge& judge : judges) {
        Verdict verdict = judge.verdict();
        report.rules.push_back(std::move(verdict.outcome));
        std::move(verdict.findings.begin(), verdict.findings.end(), std::back_inserter(report.findings));
    }
    if (what_if) {
        warn_of_harmful_drift(report, rules, facts, what_if);
    }
    findings::sort_findings(report);
    fold(report, rules);
    report.perfdata = measure(rules, report, facts);
    return report;
}

} // namespace rules

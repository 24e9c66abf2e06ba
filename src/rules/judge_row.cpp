#include "rules/judge_row.h"

#include "rules/compute.h"
#include "rules/overrides.h"

#include <algorithm>

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

} // namespace rules

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
    RowJudge(const Rule& rule, const facts::Facts& facts, const Context& context,
             std::size_t network_namespace, const Past& past, Overrides overrides)
        : rule_(rule), facts_(facts), context_(context), network_namespace_(network_namespace), past_(past),
          overrides_(overrides) {}

    RowVerdict run() {
        const Value applies = rule_.when.empty() ? Value(true) : compute(rule_.when, context_);
        if (!applies.known()) {
            return missing(applies.gap());
        }
        if (past_.known) {
            find_past();
        }
        if (!applies.truth() && !stays_open()) {
            return verdict_;
        }
        Judged& judged = verdict_.judged;
        judged.network_namespace = network_namespace_;
        judged.row = context_.row;
        if (overrides_ == Overrides::obeyed) {
            judged.exception = override_for(rule_, facts_, context_, network_namespace_);
        }
        if (judged.exception != nullptr && judged.exception->ignore && !judged.exception->expired) {
            return verdict_;
        }
        if (!applies.truth()) {
            show_value();
        } else if (const auto gap = judge()) {
            return missing(*gap);
        }
        verdict_.kind = RowVerdict::Kind::judged;
        keep_open();
        if (judged.state != State::ok) {
            remember();
        }
        return verdict_;
    }

  private:
    RowVerdict missing(const base::Gap& gap) {
        verdict_.kind = RowVerdict::Kind::missing;
        verdict_.gap = gap;
        return verdict_;
    }

    /// By the facts of now. Gives what is missing for it.
    std::optional<base::Gap> judge() {
        const Value decisive = compute(rule_.condition.empty() ? rule_.value : rule_.condition, context_);
        if (!decisive.known()) {
            return decisive.gap();
        }
        Judged& judged = verdict_.judged;
        judged.inferred = decisive.basis() == facts::Basis::inferred;
        if (rule_.condition.empty()) {
            apply_ranges(decisive.number());
        } else if (decisive.truth()) {
            judged.state = rule_.severity;
            show_value();
        } else if (stays_open()) {
            show_value();
        }
        if (judged.state != State::ok) {
            continue_past();
            raise(rule_.warning_when, State::warning);
            raise(rule_.critical_when, State::critical);
        }
        return std::nullopt;
    }

    void apply_ranges(double value) {
        Judged& judged = verdict_.judged;
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
        if (earlier_ != nullptr && rule_.hysteresis > 0) {
            judged.state = std::max(judged.state, state_that_stays(value, warning, critical));
        }
    }

    /// The state of the last run, as long as the value has not come back far enough.
    State state_that_stays(double value, const Range* warning, const Range* critical) const {
        const auto stays = [&](const Range* range) {
            return range != nullptr && range->sticky(rule_.hysteresis).alerts(value);
        };
        if (earlier_->state == State::critical && stays(critical)) {
            return State::critical;
        }
        return earlier_->state >= State::warning && stays(warning) ? State::warning : State::ok;
    }

    void find_past() {
        subject_ = subject_of(context_);
        earlier_ = past_.recall->find(past_.rule, network_namespace_, *subject_);
    }

    void continue_past() {
        if (past_.recall == nullptr) {
            return;
        }
        if (!subject_) {
            subject_ = subject_of(context_);
        }
        now_ = past_.recall->continued(past_.rule, *subject_, earlier_);
        context_.alerting_runs = now_.runs;
        context_.alerting_for = now_.seen - now_.since;
    }

    /// Was it spoken of so lately that it is not over yet?
    bool stays_open() const {
        return earlier_ != nullptr && earlier_->state >= State::warning &&
               past_.recall->uptime() - earlier_->held < rule_.keep_seconds;
    }

    void keep_open() {
        Judged& judged = verdict_.judged;
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
    bool began_under_our_eyes() const {
        return earlier_ != nullptr ? earlier_->state == State::ok
                                   : past_.recall->watched(past_.rule, network_namespace_);
    }

    /// What the next run will find; and an alert that has not lasted long enough is none yet.
    void remember() {
        if (past_.recall == nullptr || !past_.recall->counts(earlier_)) {
            return; // who leaves no memory and finds none cannot say that it is the first
        }
        Judged& judged = verdict_.judged;
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
        past_.recall->note(network_namespace_, now_);
    }

    /// The number of a rule whose condition, and not its value, decides.
    void show_value() {
        if (rule_.value.empty()) {
            return;
        }
        const Value shown = compute(rule_.value, context_);
        if (shown.known()) {
            Judged& judged = verdict_.judged;
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
    std::size_t network_namespace_;
    const Past& past_;
    Overrides overrides_;
    std::optional<std::uint64_t> subject_;
    const findings::Remembered* earlier_ = nullptr;
    findings::Remembered now_;
    RowVerdict verdict_;
};

} // namespace

RowVerdict judge_row(const Rule& rule, const facts::Facts& facts, const Context& context,
                     std::size_t network_namespace, const Past& past, Overrides overrides) {
    return RowJudge(rule, facts, context, network_namespace, past, overrides).run();
}

} // namespace rules

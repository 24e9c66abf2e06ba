// The whole way from the bytes of any source to a verdict with all its advice: slow, and for that it sees how
// the parts fit. A part of a text is never judged better than the text.
#include "cli/judge.h"
#include "cli/observe.h"
#include "cli/rules.h"
#include "replay/replay.h"
#include "tests/fuzz/harness.h"
#include "tests/scratch.h"

#include <optional>
#include <string>

#include "base/text.h"

namespace {

using findings::State;

class Judge {
  public:
    Judge() {
        options_.command = cli::Command::report;
        options_.replay = "fuzz";
        options_.rules_dir = no_rules_.path();
        auto rules = cli::load_rules(options_);
        fuzz::require(rules.has_value(), "the shipped rules can be loaded");
        rules_.emplace(std::move(*rules));
        needs_ = cli::needs_of(rules_->rules, rules::Detail::advice);
        needs_.effects = true;
        needs_.holders = true;
    }

    /// None if the source is refused, or has more than one snapshot.
    std::optional<State> verdict(std::string_view bytes) const {
        auto replay = replay::replay_of(std::string(bytes));
        if (!replay) {
            return std::nullopt;
        }
        const std::string name = replay->targets.front().machine->provenance().name;
        snapshot::Host host = cli::collect(replay->targets, assumed_, needs_);
        const auto report = cli::judge_host(options_, *rules_, assumed_, host, rules::Detail::advice).report;
        return name.find("snapshot") == std::string::npos ? std::optional(report.worst()) : std::nullopt;
    }

  private:
    tests::Scratch no_rules_; // but the shipped ones
    cli::Options options_;
    std::optional<rules::Loaded> rules_;
    model::ModelNeeds needs_;
    model::Assumptions assumed_ = {{"net.ipv4.ip_local_port_range", "40000 40099"}};
};

bool is_well(const std::optional<State>& state) {
    return state && *state <= State::info;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Judge judge;
    const std::string_view text = fuzz::text_of(data, size);
    const auto state = judge.verdict(text);
    if (state == State::warning || state == State::critical) {
        const std::size_t cut = base::fingerprint(text) % (size + 1);
        fuzz::require(!is_well(judge.verdict(text.substr(0, cut))) &&
                          !is_well(judge.verdict(text.substr(cut))),
                      "a part of a text is not judged better than all of it");
    }
    return 0;
}

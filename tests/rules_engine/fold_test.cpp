#include "rules/fold.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

using findings::Finding;
using findings::State;

namespace {

/// Only ids and what they explain matter here.
rules::RuleSet rules_of(const std::vector<std::pair<std::string, std::vector<std::string>>>& explains) {
    rules::RuleSet set;
    for (const auto& [id, others] : explains) {
        rules::Rule rule;
        rule.id = id;
        rule.explains = others;
        set.rules.push_back(std::move(rule));
    }
    return set;
}

Finding finding(const char* rule, State state, std::vector<std::pair<std::string, std::string>> subject,
                const char* netns = "this namespace") {
    Finding one;
    one.rule = rule;
    one.state = state;
    one.netns = netns;
    one.subject = std::move(subject);
    return one;
}

using Causes = std::vector<std::optional<std::size_t>>;

Causes causes(std::vector<Finding> findings, const rules::RuleSet& rules) {
    findings::Report report;
    report.findings = std::move(findings);
    rules::fold(report, rules);
    Causes all;
    for (const Finding& one : report.findings) {
        all.push_back(one.explained_by);
    }
    return all;
}

const std::pair<std::string, std::string> here = {"source", "192.0.2.1"};
const std::pair<std::string, std::string> there = {"remote", "192.0.2.9:443"};
const std::pair<std::string, std::string> elsewhere = {"remote", "192.0.2.8:443"};
constexpr std::nullopt_t none = std::nullopt;

} // namespace

TEST_CASE("a finding folds into its cause: the same subject, no worse, in the same namespace") {
    const auto rules = rules_of({{"ports", {"reuse", "range"}}});
    const Finding cause = finding("ports", State::critical, {here, there});
    CHECK(causes({cause, finding("reuse", State::warning, {here, there})}, rules) == Causes{none, 0});
    CHECK(causes({cause, finding("range", State::info, {})}, rules) == Causes{none, 0}); // of the namespace
    CHECK(causes({cause, finding("reuse", State::warning, {here, elsewhere})}, rules) == Causes{none, none});
    CHECK(causes({cause, finding("reuse", State::warning, {here, there}, "pod")}, rules) ==
          Causes{none, none});
    CHECK(causes({cause, finding("other", State::info, {here, there})}, rules) == Causes{none, none});
    const Finding mild = finding("ports", State::warning, {here, there});
    CHECK(causes({finding("reuse", State::critical, {here, there}), mild}, rules) == Causes{none, none});
}

TEST_CASE("what a cause is explained by explains its findings, too") {
    const auto rules = rules_of({{"leak", {"ports"}}, {"ports", {"range"}}});
    CHECK(causes({finding("leak", State::critical, {there}), finding("ports", State::critical, {there}),
                  finding("range", State::info, {})},
                 rules) == Causes{none, 0, 0});
}

TEST_CASE("of two that explain each other the first one stays") {
    const auto rules = rules_of({{"a", {"b"}}, {"b", {"a"}}});
    CHECK(causes({finding("a", State::warning, {}), finding("b", State::warning, {})}, rules) ==
          Causes{none, 0});
}

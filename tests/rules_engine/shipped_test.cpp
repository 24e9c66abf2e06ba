#include "base/file.h"
#include "rules/load.h"
#include "rules/reader.h"
#include "rules/toml.h"
#include "tests/catch.h"

#include <string>
#include <vector>

namespace {

rules::TextFile source_of(const rules::ShippedFile& file) {
    const std::string name(file.name.substr(file.name.find(':') + 1));
    const auto text = base::read_file(std::string(RULES_DIRECTORY) + '/' + name, 1 << 20);
    REQUIRE(text.has_value());
    return {std::string(file.name), *text};
}

/// The rules as a user's files: read in whole, and every mistake reported.
rules::Inputs from_sources() {
    rules::Inputs inputs;
    for (const rules::ShippedFile& file : rules::shipped_rules()) {
        inputs.drop_ins.push_back(source_of(file));
    }
    return inputs;
}

rules::Inputs compiled_in() {
    rules::Inputs inputs;
    inputs.shipped = rules::shipped_rules();
    return inputs;
}

void check_same(const rules::Node& built, const rules::Node& parsed, const std::string& where) {
    INFO(where << ", line " << parsed.mark.line);
    REQUIRE(built.kind == parsed.kind);
    CHECK(built.mark.line == parsed.mark.line);
    CHECK(built.text == parsed.text);
    CHECK(built.number == parsed.number);
    CHECK(built.truth == parsed.truth);
    REQUIRE(built.count == parsed.count);
    for (std::size_t i = 0; i < built.items().size(); ++i) {
        check_same(built.items()[i], parsed.items()[i], where + "[]");
    }
    for (std::size_t i = 0; i < built.members().size(); ++i) {
        const std::string inner = where + "." + std::string(parsed.members()[i].key.name);
        CHECK(built.members()[i].key.name == parsed.members()[i].key.name);
        CHECK(built.members()[i].key.mark.line == parsed.members()[i].key.mark.line);
        check_same(built.members()[i].value, parsed.members()[i].value, inner);
    }
}

std::vector<std::string> judged(const rules::Inputs& inputs) {
    std::vector<std::string> ids;
    const rules::Loaded loaded = rules::load(inputs);
    REQUIRE_FALSE(loaded.argument_errors.has_errors());
    for (const rules::Rule& rule : loaded.rules.rules) {
        if (rule.active) {
            ids.push_back(rule.id);
        }
    }
    return ids;
}

} // namespace

TEST_CASE("what the build made of the shipped rules is what their files say, line by line") {
    REQUIRE(rules::shipped_rules().size() >= 7);
    for (const rules::ShippedFile& file : rules::shipped_rules()) {
        const rules::TextFile source = source_of(file);
        base::Diagnostics diagnostics;
        rules::Reporter reporter(source, diagnostics);
        const auto document = rules::parse_document(reporter);
        REQUIRE(document != nullptr);
        REQUIRE(file.document->count == 1);
        check_same(file.document->members()[0].value, document->root.members()[0].value, source.name);
    }
}

TEST_CASE("the shipped rules are without fault") {
    const rules::Loaded whole = rules::load(from_sources());
    CHECK(base::to_text(whole.diagnostics).empty());
    CHECK(whole.rules.rules.size() >= 25);
    const rules::Loaded loaded = rules::load(compiled_in());
    CHECK(loaded.diagnostics.empty());
    CHECK(loaded.rules.rules.size() == whole.rules.rules.size());
}

TEST_CASE("the advice of a rule is read when it is wanted, and outlives the load") {
    for (const rules::Inputs& inputs : {compiled_in(), from_sources()}) {
        const rules::RuleSet rules = rules::load(inputs).rules;
        const rules::Rule* rule = rules.find("ephemeral-port-exhaustion");
        REQUIRE(rule != nullptr);
        const rules::Advice advice = rules::advice_of(*rule);
        CHECK(advice.why.starts_with("Every connection needs a local port"));
        CHECK(advice.remedies.size() > 10);
        CHECK(advice.remedies.front().text.text.starts_with("Clients that bind()"));
        CHECK(advice.myths.size() == 2);
        CHECK(advice.see.front() == "ip(7)");
        CHECK_FALSE(advice.evidence.empty());
    }
}

TEST_CASE("shipped rules that a command does not judge are read only if something may name them") {
    rules::Inputs whole = from_sources();
    rules::Inputs built = compiled_in();
    whole.own_tag = built.own_tag = "health";
    CHECK(judged(built) == judged(whole));
    CHECK(rules::load(built).rules.rules.size() < rules::load(whole).rules.rules.size());

    rules::Inputs named = built;
    named.only = {"tw-reuse-off"};
    CHECK(judged(named) == std::vector<std::string>{"tw-reuse-off"});
    named = built;
    named.tags = {"tuning"};
    CHECK(judged(named).size() > 10);
    named = built;
    named.set = {"tw-reuse-off.enabled=false"};
    CHECK(judged(named) == judged(whole));
    named = built;
    named.settings = {"tcpadvisor.toml", "[rule.tw-reuse-off]\nenabled = false\n"};
    CHECK(rules::load(named).broken_files.empty());
    named = built;
    named.drop_ins = {{"my.toml", "[[rule]]\nid = \"tw-reuse-off\"\n"}};
    CHECK(base::to_text(rules::load(named).diagnostics).find("the id 'tw-reuse-off' is taken by") !=
          std::string::npos);
}

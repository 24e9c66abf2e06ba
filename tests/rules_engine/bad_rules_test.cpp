#include "base/file.h"
#include "rules/load.h"
#include "tests/catch.h"

#include <cstdlib>
#include <string>
#include <vector>

namespace {

const std::string directory = BAD_RULES_DIRECTORY;

std::string read(const std::string& name) {
    const auto text = base::read_file(directory + '/' + name, 1 << 22);
    INFO(name);
    REQUIRE(text.has_value());
    return *text;
}

rules::Inputs inputs_for(const std::string& name) {
    rules::Inputs inputs;
    inputs.now = 1800000000;
    if (name.starts_with("settings-")) {
        for (const base::Embedded& file : rules::shipped_rules()) {
            inputs.shipped.push_back({std::string(file.name), std::string(file.text)});
        }
        inputs.settings = rules::TextFile{name, read(name)};
    } else {
        inputs.drop_ins.push_back({name, read(name)});
    }
    return inputs;
}

/// Everything that a person would see, and the line that a monitoring system would.
std::string messages(const rules::Inputs& inputs) {
    const rules::Loaded loaded = rules::load(inputs);
    std::string text = base::to_text(loaded.diagnostics);
    for (const std::string& line : loaded.broken_files) {
        text += "broken: " + line + '\n';
    }
    return text;
}

} // namespace

// BLESS=1 in the environment writes the messages anew; read the difference before committing it.
TEST_CASE("each bad file gives its whole message") {
    const auto names = base::list_directory(directory, ".toml");
    REQUIRE(names.has_value());
    REQUIRE(names->size() >= 13);
    for (const std::string& name : *names) {
        INFO(name);
        const std::string got = messages(inputs_for(name));
        const std::string expected = name.substr(0, name.size() - 5) + ".txt";
        if (std::getenv("BLESS") != nullptr) {
            REQUIRE(base::write_atomically(directory + '/' + expected, got).has_value());
        } else {
            CHECK(got == read(expected));
        }
    }
}

TEST_CASE("ten mistakes in one file are ten diagnostics with place, line and advice") {
    const rules::Loaded loaded = rules::load(inputs_for("ten-mistakes.toml"));
    const auto all = loaded.diagnostics.sorted();
    REQUIRE(all.size() == 10);
    for (const base::Diagnostic& diagnostic : all) {
        CHECK(diagnostic.place.line > 0);
        CHECK(diagnostic.place.column > 0);
        CHECK_FALSE(diagnostic.source_line.empty());
        CHECK_FALSE(diagnostic.advice.empty());
    }
    CHECK(loaded.rules.rules.size() == 2); // those without an error
}

TEST_CASE("a huge file is refused") {
    rules::Inputs inputs;
    inputs.drop_ins.push_back({"huge.toml", std::string(1 << 20, '#')});
    CHECK(messages(inputs) == "huge.toml: error: larger than 256 KiB\n"
                              "    is this the right file? Rules and settings are a few kilobytes\n"
                              "broken: huge.toml: larger than 256 KiB\n");
}

TEST_CASE("a file of nothing but mistakes does not drown the reader") {
    std::string text = "[[rule]]\n";
    for (int i = 0; i < 5000; ++i) {
        text += "key" + std::to_string(i) + " = 1\n";
    }
    rules::Inputs inputs;
    inputs.drop_ins.push_back({"many.toml", text});
    const rules::Loaded loaded = rules::load(inputs);
    CHECK(loaded.diagnostics.sorted().size() == 100);
    CHECK(loaded.broken_files.front().ends_with("(and 5003 more mistakes)"));
}

namespace {

rules::Inputs shipped(rules::Form form) {
    rules::Inputs inputs;
    inputs.form = form;
    for (const base::Embedded& file :
         form == rules::Form::full ? rules::shipped_rules() : rules::lean_rules()) {
        inputs.shipped.push_back({std::string(file.name), std::string(file.text)});
    }
    return inputs;
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

TEST_CASE("the shipped rules are without fault, with prose and without") {
    for (const auto form : {rules::Form::full, rules::Form::lean}) {
        const rules::Loaded loaded = rules::load(shipped(form));
        CHECK(base::to_text(loaded.diagnostics).empty());
        CHECK(loaded.rules.rules.size() >= 25);
    }
}

TEST_CASE("rules without prose that a command does not judge are read only if something may name them") {
    rules::Inputs full = shipped(rules::Form::full);
    rules::Inputs lean = shipped(rules::Form::lean);
    full.own_tag = lean.own_tag = "health";
    CHECK(judged(lean) == judged(full));
    CHECK(rules::load(lean).rules.rules.size() < rules::load(full).rules.rules.size());

    rules::Inputs named = lean;
    named.only = {"tw-reuse-off"};
    CHECK(judged(named) == std::vector<std::string>{"tw-reuse-off"});
    named = lean;
    named.tags = {"tuning"};
    CHECK(judged(named).size() > 10);
    named = lean;
    named.set = {"tw-reuse-off.enabled=false"};
    CHECK(judged(named) == judged(full));
    named = lean;
    named.settings = {"tcpadvisor.toml", "[rule.tw-reuse-off]\nenabled = false\n"};
    CHECK(rules::load(named).broken_files.empty());
    named = lean;
    named.drop_ins = {{"my.toml", "[[rule]]\nid = \"tw-reuse-off\"\n"}};
    CHECK(base::to_text(rules::load(named).diagnostics).find("the id 'tw-reuse-off' is taken by") !=
          std::string::npos);
}

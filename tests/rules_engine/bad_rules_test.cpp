#include "base/file.h"
#include "base/writing.h"
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
        inputs.shipped = rules::shipped_rules();
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
        CHECK(diagnostic.position.line > 0);
        CHECK(diagnostic.position.column > 0);
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

#include "rules/load.h"
#include "rules/toml.h"
#include "tests/catch.h"

#include <string>
#include <vector>

namespace {

constexpr const char* intact = "[[rule]]\nid = \"intact\"\nfor_each = \"host\"\nvalue = \"orphans\"\n"
                               "warning = 5\nsummary = \"x\"\n";

/// Where text that a person wrote may stand; '%' is that text.
const std::vector<std::string> places = {
    "[%]\n",
    "[[%]]\n",
    "[a.%]\n",
    "[%",
    "%\n",
    "% = 1\n",
    "a% = 1\n",
    "a.% = 1\n",
    "x = %\n",
    "x = 1%\n",
    "x = \"%\"\n",
    "x = '%'\n",
    "x = [%]\n",
    "x = {%}\n",
    "# %\n",
    "x = {a=%}\n",
    "x = \"\\%\"\n",
    "x = \"\"\"%\"\"\"\n",
    "x = \"\"\"a \\\n %\"\"\"\n",
    "x = \"\"\"\\%\"\"\"\n",
};

std::string with(std::string place, const std::string& text) {
    return place.replace(place.find('%'), 1, text);
}

/// Every byte but zero.
std::vector<std::string> bytes() {
    std::vector<std::string> all;
    for (int byte = 1; byte < 256; ++byte) {
        all.emplace_back(1, static_cast<char>(byte));
    }
    return all;
}

/// ASCII, and characters and pieces of characters that the parser treats apart from each other.
std::vector<std::string> characters() {
    std::vector<std::string> all = bytes();
    all.resize(0x7F);
    all.insert(all.end(), {"\u00B5", "\u00A0", "\u0085", "\u201C", "\u2028", "\u3000", "\u1680", "\uFEFF",
                           "\U0001F600", "\xC2", "\x80", "\xE2\x80", "\xFF"});
    return all;
}

/// The same with few letters, digits and control characters.
std::vector<std::string> unlike_characters() {
    std::vector<std::string> all = characters();
    std::erase_if(all, [](const std::string& character) {
        const char c = character[0];
        const bool one_of_many = (c >= 'b' && c <= 'z' && c != 'u' && c != 'x') ||
                                 (c >= 'A' && c <= 'Z' && c != 'T') || (c >= '2' && c <= '9') ||
                                 (c > 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t');
        return character.size() == 1 && one_of_many;
    });
    return all;
}

/// A tree, or one error with its place in the text; anything else ends the program.
void check_read_or_told(const std::string& text) {
    base::Diagnostics diagnostics;
    const rules::TextFile file{"x.toml", text};
    rules::Reporter reporter(file, diagnostics);
    const auto document = rules::parse_document(reporter);
    const auto all = diagnostics.sorted();
    const bool told = all.size() == 1 && all[0].position.line > 0 && all[0].position.column > 0;
    if (document ? !all.empty() : !told) {
        INFO(text << '\n' << base::to_text(diagnostics));
        CHECK(false);
    }
}

std::string complaint(const std::string& text) {
    base::Diagnostics diagnostics;
    const rules::TextFile file{"x.toml", text};
    rules::Reporter reporter(file, diagnostics);
    CHECK(rules::parse_document(reporter) == nullptr);
    return base::to_text(diagnostics);
}

std::string advice_under(const std::string& message) {
    return message + "    texts stand in quotes; nothing in this file is used before this is mended\n";
}

} // namespace

TEST_CASE("whatever stands in a TOML file is read, or told with its place: one and two characters",
          "[exhaustive]") {
    for (const std::string& first : bytes()) {
        for (const std::string& place : places) {
            check_read_or_told(with(place, first));
        }
    }
    for (const std::string& first : characters()) {
        for (const std::string& second : characters()) {
            for (const char* place : {"[%]\n", "% = 1\n", "x = %\n"}) {
                check_read_or_told(with(place, first + second));
            }
        }
    }
    for (const std::string& first : unlike_characters()) {
        for (const std::string& second : unlike_characters()) {
            for (const std::string& place : places) {
                check_read_or_told(with(place, first + second));
            }
        }
    }
}

TEST_CASE("whatever stands in a TOML file is read, or told with its place: three signs", "[exhaustive]") {
    const std::vector<std::string> signs = {"\"", "'",  "\\", "[", "]",  "{",      "}",      "=", ".",
                                            ",",  "#",  "`",  "-", "+",  "_",      "0",      "1", "a",
                                            " ",  "\n", "\r", ":", "\t", "\u00B5", "\u201C", "T", "e"};
    for (const std::string& first : signs) {
        for (const std::string& second : signs) {
            for (const std::string& third : signs) {
                for (const char* place : {"[%]\n", "% = 1\n", "x = %\n", "x = \"\"\"%\"\"\"\n"}) {
                    check_read_or_told(with(place, first + second + third));
                }
            }
        }
    }
}

TEST_CASE("a broken file of rules or settings leaves the intact rules in force") {
    for (const std::string& text : characters()) {
        for (const std::string& place : places) {
            rules::Inputs inputs;
            inputs.drop_ins = {{"intact.toml", intact}, {"rules.toml", with(place, text)}};
            inputs.settings = rules::TextFile{"tcpadvisor.toml", with(place, text)};
            const rules::Loaded loaded = rules::load(inputs);
            INFO(with(place, text));
            CHECK(loaded.rules.find("intact") != nullptr);
            CHECK(loaded.broken_files.size() > 0);
        }
    }
}

TEST_CASE("what the parser could not bear is told like any other mistake") {
    CHECK(complaint("a = 1\n[`") == advice_under("x.toml:2:2: error: not TOML: unexpected '`'\n"
                                                 "    [`\n"
                                                 "     ^\n"));
    CHECK(complaint("[\u201Crule.x\u201D]\n") ==
          advice_under("x.toml:1:2: error: not TOML: '\u201C' stands outside quotes\n"
                       "    [\u201Crule.x\u201D]\n"
                       "     ^\n"));
    CHECK(complaint("x = 1\na\u00B5 = 2\n") ==
          advice_under("x.toml:2:2: error: not TOML: '\u00B5' stands outside quotes\n"
                       "    a\u00B5 = 2\n"
                       "     ^\n"));
    CHECK(complaint("x = \"\"\"\\\u00FC\"\"\"\n") ==
          advice_under("x.toml:1:8: error: not TOML: string: unknown escape sequence '\\\u00FC'\n"
                       "    x = \"\"\"\\\u00FC\"\"\"\n"
                       "           ^\n"));
}

TEST_CASE("an assertion behind long text is found at its place") {
    const std::string text = "# \u00FC\nx = \"" + std::string(500, 'y') + "\u00FC\u00FC\"\n[`\u00FC]\n";
    CHECK(complaint("x = 1\n\n" + std::string(300, '#') + "\n  [  ^]\n")
              .starts_with("x.toml:4:6: error: not TOML"));
    CHECK(complaint(text).starts_with("x.toml:3:3: error: not TOML: '\u00FC' stands outside quotes"));
}

TEST_CASE("characters beyond ASCII stand in texts, quoted keys and comments as they like") {
    base::Diagnostics diagnostics;
    const rules::TextFile file{"x.toml", "\uFEFF# \u00FC\n\"\u00FC\" = '\u00FC' # \u00FC\n"
                                         "x = \"\"\"\u00FC \\\n   \u00FC\\\r\n\n\U0001F600\"\"\"\"\"\n"
                                         "y = \"\u00FC\"\n"};
    rules::Reporter reporter(file, diagnostics);
    const auto document = rules::parse_document(reporter);
    INFO(base::to_text(diagnostics));
    REQUIRE(document != nullptr);
    CHECK(document->root.find("\u00FC")->value.text == "\u00FC");
    CHECK(document->root.find("x")->value.text == "\u00FC \u00FC\U0001F600\"\"");
    CHECK(document->root.find("y")->value.mark.line == 7);
}

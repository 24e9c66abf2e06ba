#include "cli/help.h"
#include "cli/options.h"
#include "tests/catch.h"

#include <string>
#include <vector>

namespace {

/// What a shell can hand over: every byte but zero.
std::vector<std::string> bytes() {
    std::vector<std::string> all = {""};
    for (int byte = 1; byte < 256; ++byte) {
        all.emplace_back(1, static_cast<char>(byte));
    }
    return all;
}

/// Options, or a message about the arguments. An exception would be an internal error.
void check_understood_or_told(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {"tcpadvisor"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    INFO(arguments.front());
    const auto options = cli::parse_options(argv);
    if (!options) {
        CHECK_FALSE(options.error().message.empty());
    }
}

std::string message_of(const std::string& argument) {
    const auto options = cli::parse_options({"tcpadvisor", argument});
    return options ? "" : options.error().message;
}

} // namespace

TEST_CASE("a capture is looked at once") {
    const auto options = cli::parse_options({"tcpadvisor", "check", "--interval", "1", "--replay", "-"});
    REQUIRE_FALSE(options);
    CHECK(options.error().message.find("--replay is one look") != std::string::npos);
}

TEST_CASE("whatever a person writes on the command line is understood or told", "[exhaustive]") {
    for (const std::string& first : bytes()) {
        for (const char* before : {"", "-", "--", "---", "--=", "--f", "--format=", "-v", "-w", "report"}) {
            check_understood_or_told({before + first});
            check_understood_or_told({before + first, "x"});
        }
    }
    const std::string signs = "-=a.,:;/'\"\\ \t\n%{}[]()<>|*?!0vV\xC2\xB5";
    for (const char first : signs) {
        for (const char second : signs) {
            for (const char* before : {"", "-", "--"}) {
                check_understood_or_told({std::string(before) + first + second});
            }
        }
    }
}

TEST_CASE("whatever a person gives to an option is understood or told", "[exhaustive]") {
    for (const cli::OptionInfo& option : cli::option_table()) {
        const std::string name = "--" + std::string(option.name);
        for (const char* value : {"",   "=",  "-",     "--",    ".",   ".=",  "=.",
                                  "/",  "/s", "s",     ":",     "[",   "]:",  "[]:",
                                  "1e", "-1", "1e999", "nan",   "inf", "0x1", "99999999999999999999",
                                  "%",  "{}", "\xFF",  "\u00B5"}) {
            check_understood_or_told({name, value});
            check_understood_or_told({name + "=" + value});
        }
    }
}

TEST_CASE("an option of nothing but signs is no internal error") {
    CHECK(message_of("--=") == "an option without a name");
    CHECK(message_of("---=") == "an option without a name");
    CHECK(message_of("---").starts_with("unknown option '---'"));
    CHECK(message_of("-=") == "unknown option '-'");
}

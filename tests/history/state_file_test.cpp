#include "history/state_file.h"

#include "base/text.h"
#include "tests/catch.h"
#include "tests/history/states.h"

#include <fmt/format.h>

namespace {

using tests::some_key;
using tests::some_state;

std::string sealed(const std::string& body) {
    return body + fmt::format("end {:x}\n", base::fingerprint(body));
}

std::string start() {
    return "tcpadvisor history 2\nboot " + some_key().boot_id + "\nnamespace cookie 7\n";
}

std::string refusal(std::string_view text) {
    const auto state = history::decode(some_key(), text);
    return state ? "accepted" : state.error().what;
}

std::string sample_line(const std::string& uptime) {
    std::string line = "sample " + uptime + " 0";
    for (std::size_t i = 0; i < history::tracked_counters.size(); ++i) {
        line += " -";
    }
    return line + "\n";
}

} // namespace

TEST_CASE("What a run leaves comes back as it was") {
    const auto state = history::decode(some_key(), history::encode(some_key(), some_state()));
    REQUIRE(state);
    REQUIRE(state->space.samples.size() == 2);
    const history::Sample& sample = state->space.samples[1];
    CHECK(sample.uptime == 1060.5);
    CHECK(sample.unlisted_most == 19);
    CHECK(sample.counters[history::tracked("netstat.TcpExt.ListenOverflows")] == 9);
    CHECK(sample.counters[history::tracked("conntrack.drop")] == 18446744073709551615U);
    CHECK_FALSE(sample.counters[history::tracked("netstat.TcpExt.ListenDrops")]);
    REQUIRE(sample.levels.size() == 2);
    CHECK(sample.levels[0].key == 0xFEDCBA9876543210);
    CHECK(sample.levels[0].count == 1200);
    REQUIRE(state->space.waiting);
    CHECK(state->space.waiting->complete);
    REQUIRE(state->space.waiting->find(0xFFFFFFFFFFFFFFFF) != nullptr);
    CHECK(state->space.waiting->find(0xFFFFFFFFFFFFFFFF)->first_seen == 1000.75);
    CHECK(state->space.waiting->find(4) == nullptr);
    REQUIRE(state->memory.entries.size() == 2);
    CHECK(state->memory.entries[0].state == findings::State::warning);
    CHECK(state->memory.entries[0].since == 940);
    CHECK(state->memory.entries[0].runs == 3);
    REQUIRE(state->memory.judged.size() == 2);
    CHECK(state->memory.judged[1].rule == 14);
    CHECK(state->memory.judged[1].seen == 1000);
    CHECK(state->memory.entries[0].held == 1000.25);
}

TEST_CASE("A state file that is cut at any byte counts for nothing") {
    const std::string whole = history::encode(some_key(), some_state());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(history::decode(some_key(), std::string_view(whole).substr(0, length)));
    }
    CHECK_FALSE(history::decode(some_key(), whole + "x"));
    CHECK_FALSE(history::decode(some_key(), whole + whole));
}

TEST_CASE("A state file with any byte changed counts for nothing") {
    const std::string whole = history::encode(some_key(), some_state());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const char flip : {'\x01', '\x10', '\x7f'}) {
            std::string broken = whole;
            broken[at] = static_cast<char>(broken[at] ^ flip);
            CAPTURE(at);
            CHECK_FALSE(history::decode(some_key(), broken));
        }
    }
}

TEST_CASE("A state file says why it does not count") {
    const std::string whole = history::encode(some_key(), some_state());
    CHECK(refusal("") == "is no history");
    CHECK(refusal("\x7f"
                  "ELF") == "is no history");
    CHECK(refusal("tcpadvisor history 1\n") == "is of another version");
    CHECK(refusal("tcpadvisor history 10\n") == "is of another version");
    CHECK(refusal(whole.substr(0, whole.size() - 1)) == "is cut or damaged");
    history::Key other = some_key();
    other.boot_id = "99999999-2222-3333-4444-555555555555";
    CHECK(history::decode(other, whole).error().what == "is of another boot");
    other = some_key();
    other.space = "cookie 8";
    CHECK(history::decode(other, whole).error().what == "is of another network namespace");
    other.space = "cookie 77";
    CHECK_FALSE(history::decode(other, whole));
}

TEST_CASE("Lines that make no sense are not believed, whatever their checksum") {
    CHECK(refusal(sealed(start())) == "accepted");
    CHECK(refusal(sealed(start() + sample_line("5.0"))) == "accepted");
    const std::string wrong[] = {
        "level 1 2\n",                       // of no sample
        sample_line("5") + sample_line("5"), // not in order
        sample_line("-1"),
        sample_line("nan"),
        sample_line("1e99"),
        "sample 5 0 1 2\n",
        sample_line("5") + "level 1 4294967296\n",
        sample_line("5") + "level g 1\n",
        sample_line("5") + "level 1\n",
        "socket 1 5\n",
        "close_wait 5 most\n",
        "close_wait 5 all\nclose_wait 6 all\n",
        "close_wait 5 all\nsocket 2 1\nsocket 1 1\n",
        "alert 1 2 BAD 1 2 1 1 1\n",
        "alert 1 2 WARNING 3 2 1 1 1\n",
        "alert 1 2 WARNING 1 2 1 1\n",
        "alert 1 2 WARNING 1 2 -1 1 1\n",
        "alert 1 2 WARNING 1 2 1 1 3\n",
        "judged 1 2\n",
        "judged g 1 2\n",
        "judged 1 3 2\n",
        "nonsense\n",
        " \n",
    };
    for (const std::string& lines : wrong) {
        CAPTURE(lines);
        CHECK(refusal(sealed(start() + lines)) == "makes no sense");
    }
}

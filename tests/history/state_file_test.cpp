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
    return "tcpadvisor history 3\nboot " + some_key().boot_id + "\nnamespace cookie 7\n";
}

std::string refusal(std::string_view text) {
    const auto state = history::decode(some_key(), text);
    return state ? "accepted" : state.error().what;
}

/// A sample without counters.
std::string sample_line(const std::string& uptime) {
    return "sample " + uptime + " 0\n";
}

/// What the file says; it must be accepted.
history::SavedState decoded(const std::string& lines) {
    auto state = history::decode(some_key(), sealed(start() + lines));
    REQUIRE(state);
    return std::move(*state);
}

} // namespace

TEST_CASE("What a run leaves comes back as it was") {
    const auto state = history::decode(some_key(), history::encode(some_key(), some_state()));
    REQUIRE(state);
    REQUIRE(state->netns.samples.size() == 2);
    const history::Sample& sample = state->netns.samples[1];
    CHECK(sample.uptime == 1060.5);
    CHECK(sample.unlisted_most == 19);
    CHECK(sample.counters["netstat.TcpExt.ListenOverflows"] == 9);
    CHECK(sample.counters["conntrack.drop"] == 18446744073709551615U);
    CHECK_FALSE(sample.counters["netstat.TcpExt.ListenDrops"]);
    REQUIRE(sample.levels.size() == 2);
    CHECK(sample.levels[0].key == 0xFEDCBA9876543210);
    CHECK(sample.levels[0].count == 1200);
    REQUIRE(state->netns.waiting);
    CHECK(state->netns.waiting->complete);
    REQUIRE(state->netns.waiting->find(0xFFFFFFFFFFFFFFFF) != nullptr);
    CHECK(state->netns.waiting->find(0xFFFFFFFFFFFFFFFF)->first_seen == 1000.75);
    CHECK(state->netns.waiting->find(4) == nullptr);
    REQUIRE(state->memory.entries.size() == 2);
    CHECK(state->memory.entries[0].state == findings::State::warning);
    CHECK(state->memory.entries[0].since == 940);
    CHECK(state->memory.entries[0].runs == 3);
    REQUIRE(state->memory.judged.size() == 2);
    CHECK(state->memory.judged[1].rule == 14);
    CHECK(state->memory.judged[1].seen == 1000);
    CHECK(state->memory.entries[0].held == 1000.25);
}

TEST_CASE(
    "Counters are found by name, whichever the program that wrote the file kept and in whatever order") {
    const auto state = decoded("counters conntrack.drop gone.Tcp.Forever netstat.TcpExt.ListenOverflows\n"
                               "sample 100 0 7 1000 -\n"
                               "sample 160 0 8 2000 40\n");
    REQUIRE(state.netns.samples.size() == 2);
    const snapshot::CounterValues& last = state.netns.samples[1].counters;
    CHECK(last["conntrack.drop"] == 8);
    CHECK(last["netstat.TcpExt.ListenOverflows"] == 40);
    CHECK_FALSE(state.netns.samples[0].counters["netstat.TcpExt.ListenOverflows"]);
    snapshot::Counter::for_each([&](snapshot::Counter counter) {
        CAPTURE(counter.key());
        const bool is_in_file =
            counter.key() == "conntrack.drop" || counter.key() == "netstat.TcpExt.ListenOverflows";
        CHECK(last[counter].has_value() == is_in_file);
    });
}

TEST_CASE("A state file without any counter is one, and an unknown counter is not written again") {
    CHECK(decoded(sample_line("100")).netns.samples.size() == 1);
    const auto state = decoded("counters gone.Tcp.Forever snmp.Tcp.OutSegs\nsample 100 0 5 6\n");
    const std::string again = history::encode(some_key(), state);
    CHECK(again.find("gone.Tcp.Forever") == std::string::npos);
    CHECK(history::decode(some_key(), again)->netns.samples[0].counters["snmp.Tcp.OutSegs"] == 6);
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
    CHECK(refusal("tcpadvisor history 2\n") == "is of another version");
    CHECK(refusal("tcpadvisor history 30\n") == "is of another version");
    CHECK(refusal(whole.substr(0, whole.size() - 1)) == "is cut or damaged");
    history::StateKey other = some_key();
    other.boot_id = "99999999-2222-3333-4444-555555555555";
    CHECK(history::decode(other, whole).error().what == "is of another boot");
    other = some_key();
    other.netns = "cookie 8";
    CHECK(history::decode(other, whole).error().what == "is of another network namespace");
    other.netns = "cookie 77";
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
        "counters conntrack.drop\nsample 5 0\n",
        "counters conntrack.drop\nsample 5 0 x\n",
        "counters gone.one\nsample 5 0 -1\n",
        "counters conntrack.drop\nsample 5 0 1 2\n",
        "counters conntrack.drop conntrack.drop\nsample 5 0 1 2\n",
        "counters gone.one\ncounters conntrack.drop\n",
        sample_line("5") + "counters conntrack.drop\n",
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

// Captures and texts with bytes changed, cut, doubled and mixed, through the whole way from bytes to a
// report: `replay_fuzz ROUNDS SEED DIRECTORY`, the captures in it and some texts. Fails by a sanitizer, an
// assertion, an exception or a hang; the seed repeats a run.
#include "cli/judge.h"
#include "cli/observe.h"
#include "cli/rules.h"
#include "replay/replay.h"
#include "rules/load.h"
#include "tests/replay/foreign_texts.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>

#include <fmt/format.h>

namespace {

class Mutator {
  public:
    Mutator(std::vector<std::string> originals, std::uint64_t seed)
        : originals_(std::move(originals)), random_(seed) {}

    std::string next() {
        std::string bytes = any_original();
        for (std::size_t changes = 1 + below(6); changes > 0 && !bytes.empty(); --changes) {
            change(bytes);
        }
        return bytes;
    }

  private:
    std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }
    const std::string& any_original() { return originals_[below(originals_.size())]; }

    void change(std::string& bytes) {
        using namespace std::string_view_literals;
        constexpr std::string_view interesting = "\0\xFF\x7F\x80 \n\t:-0129\"()%[]*/"sv;
        const std::size_t at = below(bytes.size());
        const std::size_t length = std::min(below(120), bytes.size() - at);
        switch (below(8)) {
        case 0:
            bytes[at] = static_cast<char>(random_());
            break;
        case 1:
            bytes[at] = interesting[below(interesting.size())];
            break;
        case 2:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
            break;
        case 3:
            bytes.erase(at, length);
            break;
        case 4:
            bytes.insert(at, bytes.substr(below(bytes.size()), length));
            break;
        case 5:
            bytes.resize(at);
            break;
        case 6: {
            const std::string& other = any_original();
            bytes.replace(at, length, other.substr(below(other.size()), length));
            break;
        }
        default:
            change_number(bytes, at);
        }
    }

    /// The next decimal number becomes one that is on an edge.
    void change_number(std::string& bytes, std::size_t from) {
        constexpr auto edges =
            std::to_array<std::string_view>({"0", "1", "65535", "65536", "4294967295", "4294967296",
                                             "18446744073709551615", "99999999999999999999", "-1"});
        const std::size_t at = bytes.find_first_of("0123456789", from);
        if (at != std::string::npos) {
            const std::size_t end = std::min(bytes.find_first_not_of("0123456789", at), bytes.size());
            bytes.replace(at, end - at, edges[below(edges.size())]);
        }
    }

    std::vector<std::string> originals_;
    std::mt19937_64 random_;
};

std::vector<std::string> originals_of(const char* directory) {
    std::vector<std::string> contents;
    for (const std::string_view text : {test::ss_tan, test::ss_peaonmi, test::netstat_tan,
                                        test::netstat_neopa, test::proc_tcp, test::proc_tcp6}) {
        contents.emplace_back(text);
    }
    std::set<std::filesystem::path> captures; // sorted, so that a seed means the same everywhere
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        if (entry.path().extension() == ".capture") {
            captures.insert(entry.path());
        }
    }
    for (const std::filesystem::path& path : captures) {
        std::ifstream file(path, std::ios::binary);
        contents.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return contents;
}

/// Was it accepted?
bool judged(const std::string& bytes, const cli::Options& options, const rules::Loaded& rules) {
    auto replay = replay::replay_of(bytes);
    if (!replay) {
        return false;
    }
    model::ModelNeeds needs = cli::needs_of(rules.rules, rules::Detail::advice);
    needs.effects = true;
    needs.holders = true;
    snapshot::Host host = cli::collect(replay->targets, {}, needs);
    cli::judge_host(options, rules, {}, host, rules::Detail::advice);
    return true;
}

} // namespace

int main(int count, char** arguments) {
    if (count != 4) {
        std::cerr << "usage: replay_fuzz ROUNDS SEED DIRECTORY\n";
        return 2;
    }
    cli::Options options;
    options.command = cli::Command::report;
    options.replay = "fuzz";
    options.rules_dir = arguments[3]; // none of this host
    const auto rules = cli::load_rules(options);
    if (!rules) {
        std::cerr << rules.error().message << '\n';
        return 2;
    }
    const long rounds = std::strtol(arguments[1], nullptr, 10);
    Mutator mutator(originals_of(arguments[3]), std::strtoull(arguments[2], nullptr, 10));
    long accepted = 0;
    for (long round = 0; round < rounds; ++round) {
        accepted += judged(mutator.next(), options, *rules) ? 1 : 0;
    }
    fmt::print("{} of {} were accepted\n", accepted, rounds);
    return accepted > 0 && accepted < rounds ? 0 : 1; // else it tried nothing
}

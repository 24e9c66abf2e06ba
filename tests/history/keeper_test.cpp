#include "history/state_file.h"

#include "base/file.h"
#include "tests/catch.h"
#include "tests/history/states.h"
#include "tests/scratch.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using base::PrivateDirectory;
using history::Keeper;
using history::Update;

base::Result<Keeper, base::Gap> open(const std::string& path,
                                     PrivateDirectory::Create create = PrivateDirectory::Create::last) {
    const Keeper::Candidate candidates[] = {{path, create}};
    return Keeper::open(candidates);
}

Update update_at(double uptime, std::uint64_t rule = 1) {
    Update update{tests::some_key(), tests::sample_at(uptime), {uptime, true, {}}, {uptime, {rule}, {}}};
    update.alerts.entries.push_back({rule, 5, findings::State::warning, uptime, uptime, 1, uptime});
    return update;
}

base::Status save(Keeper& keeper, const Update& update, double patience = 0.5) {
    return keeper.save(std::span(&update, 1), patience);
}

std::string reason(const std::string& path) {
    const auto keeper = open(path);
    return keeper ? "opened" : keeper.error().detail;
}

} // namespace

TEST_CASE("The state of a namespace is found again, and by nobody else") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("state");
    auto keeper = open(path);
    REQUIRE(keeper);
    CHECK(keeper->load(tests::some_key()).error().why == base::Why::absent);
    REQUIRE(save(*keeper, update_at(100)));
    REQUIRE(keeper->load(tests::some_key()));
    CHECK(keeper->load({tests::some_key().boot_id, "cookie 8"}).error().why == base::Why::absent);
    CHECK((fs::status(path).permissions() & fs::perms::mask) == fs::perms::owner_all);
    CHECK((fs::status(path + "/netns-cookie-7").permissions() & fs::perms::mask) ==
          (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("Runs at the same time lose nothing of each other") {
    const tests::Scratch scratch;
    constexpr int runs = 8;
    std::vector<std::thread> threads;
    for (int run = 0; run < runs; ++run) {
        threads.emplace_back([&, run] {
            auto keeper = open(scratch.file("state"));
            if (keeper) {
                static_cast<void>(
                    save(*keeper, update_at(1000 + run * 0.1, static_cast<std::uint64_t>(run))));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const auto state = open(scratch.file("state"))->load(tests::some_key());
    REQUIRE(state);
    CHECK(state->memory.entries.size() == runs);
    CHECK(state->netns.samples.size() == 1);
}

TEST_CASE("A directory that is not private is not used") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("state");
    fs::create_directory(path);
    ::chmod(path.c_str(), 0777);
    CHECK(reason(path) == "others may write to it");
    ::chmod(path.c_str(), 0770);
    CHECK(reason(path) == "others may write to it");
    ::chmod(path.c_str(), 0755);
    CHECK(reason(path) == "opened");
    fs::create_directory_symlink(path, scratch.file("link"));
    CHECK(reason(scratch.file("link")) == "is a link, or no directory");
    std::ofstream(scratch.file("file")) << "x";
    CHECK(reason(scratch.file("file")) == "is a link, or no directory");
    REQUIRE(PrivateDirectory::open(scratch.file("link/sub"), PrivateDirectory::Create::last));
    const auto behind =
        PrivateDirectory::open(scratch.file("link/sub"), PrivateDirectory::Create::last, base::Links::none);
    CHECK(behind.error().detail == "'link' is a link");
    CHECK(open(scratch.file("a/b")).error().why == base::Why::absent);
    CHECK(open(scratch.file("a/b"), PrivateDirectory::Create::with_parents));
    CHECK(open(scratch.file("none"), PrivateDirectory::Create::no).error().why == base::Why::absent);
    if (::geteuid() == 0) {
        REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
        CHECK(reason(path) == "belongs to user 65534, not to 0");
    }
}

TEST_CASE("A state file that is not the user's own is not read") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("state");
    const std::string file = path + "/netns-cookie-7";
    auto keeper = open(path);
    REQUIRE(keeper);
    const auto refusal = [&] {
        const auto state = keeper->load(tests::some_key());
        return state ? std::string("read") : state.error().detail;
    };
    REQUIRE(save(*keeper, update_at(100)));
    CHECK(refusal() == "read");
    ::chmod(file.c_str(), 0666);
    CHECK(refusal() == "others may write to it");
    ::chmod(file.c_str(), 0600);
    if (::geteuid() == 0) {
        REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
        CHECK(refusal() == "belongs to user 65534, not to 0");
        REQUIRE(::chown(file.c_str(), 0, 0) == 0);
    }
    fs::create_hard_link(file, scratch.file("second"));
    CHECK(refusal() == "has a second name");
    fs::rename(scratch.file("second"), scratch.file("target"));
    fs::remove(file);
    fs::create_symlink(scratch.file("target"), file);
    CHECK(refusal() == "is a link");
    fs::remove(file);
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(refusal() == "is not a regular file");
    fs::remove(file);
    fs::create_directory(file);
    CHECK(refusal() == "is not a regular file");
}

TEST_CASE("A link in place of a state file is replaced, and what it leads to stays") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("state");
    auto keeper = open(path);
    REQUIRE(keeper);
    std::ofstream(scratch.file("victim")) << "precious";
    fs::create_symlink(scratch.file("victim"), path + "/netns-cookie-7");
    REQUIRE(save(*keeper, update_at(100)));
    CHECK(fs::is_regular_file(fs::symlink_status(path + "/netns-cookie-7")));
    CHECK(*base::read_file(scratch.file("victim"), 100) == "precious");
}

TEST_CASE("A directory in place of a state file is an error, and nothing is left behind") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("state");
    auto keeper = open(path);
    REQUIRE(keeper);
    fs::create_directories(path + "/netns-cookie-7/inner");
    CHECK_FALSE(save(*keeper, update_at(100)));
    CHECK(std::distance(fs::directory_iterator(path), fs::directory_iterator()) == 1);
}

TEST_CASE("A damaged state file is begun anew") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("state");
    auto keeper = open(path);
    REQUIRE(keeper);
    REQUIRE(save(*keeper, update_at(100)));
    fs::resize_file(path + "/netns-cookie-7", 40);
    CHECK(keeper->load(tests::some_key()).error().detail == "is cut or damaged");
    REQUIRE(save(*keeper, update_at(200)));
    CHECK(keeper->load(tests::some_key())->netns.samples.size() == 1);
}

TEST_CASE("A lock that stays is an error when the patience is over") {
    const tests::Scratch scratch;
    auto holder = PrivateDirectory::open(fs::path(scratch.path()).string(), PrivateDirectory::Create::no);
    REQUIRE(holder);
    REQUIRE(holder->lock(0));
    auto keeper = open(fs::path(scratch.path()).string());
    REQUIRE(keeper);
    const base::Status saved = save(*keeper, update_at(100), 0.1);
    REQUIRE_FALSE(saved);
    CHECK(saved.error().what.ends_with("is locked by another run"));
}

TEST_CASE("Files of namespaces that are gone go, others stay") {
    const tests::Scratch scratch;
    auto keeper = open(fs::path(scratch.path()).string());
    REQUIRE(keeper);
    const auto make = [&](const std::string& name, int days) {
        std::ofstream(scratch.file(name)) << "x";
        fs::last_write_time(scratch.file(name),
                            fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
    };
    make("netns-cookie-1", 3);
    make("netns-cookie-2", 1);
    make("somebody.else", 30);
    make(".profile", 30);
    make(".netns-cookie-1.77", 1);
    REQUIRE(save(*keeper, update_at(100)));
    CHECK_FALSE(fs::exists(scratch.file("netns-cookie-1")));
    CHECK(fs::exists(scratch.file("netns-cookie-2")));
    CHECK(fs::exists(scratch.file(".profile"))); // whoever names his home loses nothing
    CHECK_FALSE(fs::exists(scratch.file(".netns-cookie-1.77")));
    CHECK(fs::exists(scratch.file("somebody.else")));
}

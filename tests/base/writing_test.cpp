#include "base/writing.h"

#include "base/file.h"
#include "tests/catch.h"
#include "tests/scratch.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace {

std::string mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return fmt::format("{:o}", status.st_mode & 07777U);
}

} // namespace

TEST_CASE("A file is replaced in one step, or left alone") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("x");
    REQUIRE(base::write_atomically(path, "old"));
    REQUIRE(base::write_atomically(path, "new"));
    CHECK(*base::read_file(path, 100) == "new");
    CHECK_FALSE(base::write_atomically(scratch.file("no/such/x"), "new"));
    std::filesystem::create_directory(scratch.file("directory"));
    CHECK_FALSE(base::write_atomically(scratch.file("directory"), "new"));
    CHECK(base::list_directory(scratch.file(""), "")->size() == 2); // no temporary file is left
}

TEST_CASE("A link is followed and a device is written to, never replaced") {
    const tests::Scratch scratch;
    REQUIRE(base::write_atomically(scratch.file("target"), "old"));
    std::filesystem::create_symlink(scratch.file("target"), scratch.file("link"));
    REQUIRE(base::write_atomically(scratch.file("link"), "new"));
    CHECK(*base::read_file(scratch.file("target"), 100) == "new");
    CHECK(std::filesystem::is_symlink(scratch.file("link")));
    REQUIRE(base::write_atomically("/dev/null", "x"));
    CHECK(std::filesystem::is_character_file("/dev/null"));
    CHECK_FALSE(base::write_atomically("/dev/full", "x"));
    std::filesystem::create_symlink(scratch.file("nowhere"), scratch.file("dangling"));
    CHECK_FALSE(base::write_atomically(scratch.file("dangling"), "x"));
    CHECK(std::filesystem::is_symlink(scratch.file("dangling")));
    std::filesystem::permissions(scratch.file("target"), std::filesystem::perms::owner_read);
    REQUIRE(base::write_atomically(scratch.file("target"), "kept"));
    CHECK(std::filesystem::status(scratch.file("target")).permissions() ==
          std::filesystem::perms::owner_read);
}

TEST_CASE("A new file obeys the umask, an own one keeps its mode, and some are for their owner alone") {
    const tests::Scratch scratch;
    const mode_t before = ::umask(027);
    REQUIRE(base::write_atomically(scratch.file("new"), "x"));
    CHECK(mode_of(scratch.file("new")) == "640");
    REQUIRE(base::write_atomically(scratch.file("capture"), "x", base::Readers::owner));
    CHECK(mode_of(scratch.file("capture")) == "600");
    ::umask(before);
}

TEST_CASE("A link of somebody else is not followed, wherever it stands in the path") {
    const tests::Scratch scratch;
    if (::geteuid() != 0) {
        SUCCEED("only root can make links of others");
        return;
    }
    std::filesystem::create_directory(scratch.file("secret"));
    REQUIRE(base::write_atomically(scratch.file("secret/target"), "kept"));
    std::filesystem::create_symlink(scratch.file("secret/target"), scratch.file("link"));
    std::filesystem::create_symlink(scratch.file("secret"), scratch.file("way"));
    for (const char* link : {"link", "way"}) {
        REQUIRE(::lchown(scratch.file(link).c_str(), 65534, 65534) == 0);
    }
    for (const char* path : {"link", "way/target", "way/new"}) {
        const base::Status written = base::write_atomically(scratch.file(path), "taken");
        REQUIRE_FALSE(written);
        CHECK(written.error().what.ends_with("is a link of user 65534"));
    }
    CHECK(*base::read_file(scratch.file("secret/target"), 100) == "kept");
    CHECK_FALSE(std::filesystem::exists(scratch.file("secret/new")));
    REQUIRE(base::write_atomically(scratch.file("of-another"), "x"));
    REQUIRE(::chown(scratch.file("of-another").c_str(), 65534, 65534) == 0);
    std::filesystem::permissions(scratch.file("of-another"), std::filesystem::perms::all);
    REQUIRE(base::write_atomically(scratch.file("of-another"), "x"));
    CHECK(mode_of(scratch.file("of-another")) == "644");
}

TEST_CASE("A pipe of somebody else where all may put things is no place for a report") {
    const tests::Scratch scratch;
    if (::geteuid() != 0) {
        SUCCEED("only root can make pipes of others");
        return;
    }
    REQUIRE(::chmod(scratch.file("").c_str(), 01777) == 0);
    REQUIRE(::mkfifo(scratch.file("fifo").c_str(), 0666) == 0);
    REQUIRE(::chown(scratch.file("fifo").c_str(), 65534, 65534) == 0);
    const base::Status written = base::write_atomically(scratch.file("fifo"), "x");
    REQUIRE_FALSE(written);
    CHECK(written.error().what.ends_with("a pipe of user 65534"));
}

TEST_CASE("What is written waits for a reader of a pipe that does not block") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    const std::string text(300'000, 'x');
    std::size_t got = 0;
    std::thread reader([&] {
        std::array<char, 4096> buffer;
        pollfd ready{ends[0], POLLIN, 0};
        for (ssize_t n = 1; n > 0 || (n < 0 && errno == EAGAIN);) {
            ::poll(&ready, 1, -1);
            n = ::read(ends[0], buffer.data(), buffer.size());
            got += n > 0 ? static_cast<std::size_t>(n) : 0;
        }
    });
    CHECK(base::write_all(ends[1], text));
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);
    CHECK(got == text.size());
}

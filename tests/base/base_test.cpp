#include "tests/catch.h"
#include "tests/scratch.h"

#include "base/diagnostic.h"
#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "base/writing.h"

#include <filesystem>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

TEST_CASE("Integers are read whole or not at all") {
    CHECK(base::parse_integer("42") == 42);
    CHECK(base::parse_integer("+42") == 42);
    CHECK(base::parse_integer("-42") == -42);
    CHECK(base::parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    for (const char* wrong :
         {"", " 1", "1 ", "0x10", "1.0", "abc", "+-1", "9223372036854775808", "1e3", "--1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(base::parse_integer(wrong));
    }
    CHECK(base::parse_unsigned("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
    CHECK_FALSE(base::parse_unsigned("-1"));
}

TEST_CASE("Decimals are finite and plain") {
    CHECK(base::parse_decimal("1.5") == 1.5);
    CHECK(base::parse_decimal("-.5") == -0.5);
    CHECK(base::parse_decimal("1e3") == 1000);
    for (const char* wrong : {"", "inf", "nan", "-inf", "0x1p3", "1,5", "1e999", "1 ", "."}) {
        CAPTURE(wrong);
        CHECK_FALSE(base::parse_decimal(wrong));
    }
}

TEST_CASE("Ports fit into 16 bits") {
    CHECK(base::parse_port("65535") == 65535);
    CHECK_FALSE(base::parse_port("65536"));
    CHECK_FALSE(base::parse_port("-1"));
}

TEST_CASE("Numbers are written as people write them") {
    CHECK(base::to_text(95.0) == "95");
    CHECK(base::to_text(95.25) == "95.2");
    CHECK(base::to_text(0.04) == "0");
    CHECK(base::to_text(-0.04) == "0");
    CHECK(base::to_text(1e6) == "1000000");
    CHECK(base::to_text(1.25, 2) == "1.25");
}

TEST_CASE("Text is split and trimmed") {
    CHECK(base::split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
    CHECK(base::split("", ',').size() == 1);
    CHECK(base::join({"", "a", "", "b"}, "/") == "/a//b");
    CHECK(base::join({}, "/").empty());
    CHECK(base::words(" 32768\t60999\n") == std::vector<std::string_view>{"32768", "60999"});
    CHECK(base::trim(" \tx\r\n") == "x");
}

TEST_CASE("A typing mistake gets a suggestion, something else does not") {
    const std::vector<std::string> known = {"used_percent", "usable", "free", "connections"};
    CHECK(base::closest("used_precent", known) == "used_percent");
    CHECK(base::closest("conections", known) == "connections");
    CHECK(base::closest("usabel", known) == "usable");
    CHECK_FALSE(base::closest("kubernetes", known));
    const std::vector<std::string> words = {"kernel", "lint", "list"};
    CHECK_FALSE(base::closest("server", words));
    CHECK(base::closest("lnit", words) == "lint");
    CHECK_FALSE(base::closest("port", words));
    CHECK(base::did_you_mean("fre", known) == ", did you mean 'free'?");
    CHECK(base::did_you_mean("zzz", known).empty());
}

TEST_CASE("Foreign bytes are made safe") {
    CHECK(base::printable("caf\xC3\xA9") == "caf\xC3\xA9");
    CHECK(base::printable("a\x1B[31mb\n\x7F") == "a?[31mb??");
    CHECK(base::printable("\xFF\xC0\xAF") == "???"); // never UTF-8
    CHECK(base::printable("\xED\xA0\x80") == "???"); // a surrogate
    CHECK(base::printable("\xC2\x9B"
                          "31m") == "?31m"); // C1 control sequence introducer
    CHECK(base::printable("a\xE2\x80\xAE"
                          "b") == "a?b"); // right-to-left override
    CHECK(base::printable("cut\xE2\x82") == "cut??");
    CHECK(base::plugin_safe("'~:10' | x;\n") == "'~:10' / x,?");
    CHECK(base::nagios_safe("a|b;c`$<>\"'&~\n") == "a/b,c        ?");
}

TEST_CASE("A word for the shell is read back as it was") {
    CHECK(base::shell_word("32768") == "32768");
    CHECK(base::shell_word("/run/netns/web-1") == "/run/netns/web-1");
    CHECK(base::shell_word("32768 60999") == R"("32768 60999")");
    CHECK(base::shell_word("") == R"("")");
    CHECK(base::shell_word("[2001:db8::1]:443") == "'[2001:db8::1]:443'"); // else a pattern of file names
    CHECK(base::shell_word(R"(0"; touch x; echo "$(id))") == R"('0"; touch x; echo "$(id)')");
    CHECK(base::shell_word("a'b\tc\n") == "'a'\\''b\tc\n'");
    CHECK(base::shell_quoted("1") == R"("1")");
    CHECK(base::shell_quoted("`id`") == "'`id`'");
    CHECK_FALSE(base::is_plain_in_shell("a~b"));
}

TEST_CASE("Any bytes come back from a shell as they were") {
    std::string all;
    for (int byte = 1; byte < 256; ++byte) {
        all += static_cast<char>(byte);
    }
    const tests::Scratch scratch;
    const std::string script = "printf %s " + base::shell_word(all) + " > " + scratch.file("said");
    REQUIRE(std::system(script.c_str()) == 0);
    const auto said = base::read_file(scratch.file("said"), 1024);
    REQUIRE(said);
    CHECK(*said == all);
}

TEST_CASE("Text is wrapped at spaces") {
    CHECK(base::wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
    CHECK(base::wrap("incomprehensible", 4) == std::vector<std::string>{"incomprehensible"});
    CHECK(base::wrap("", 10).empty());
}

TEST_CASE("Wide characters take two columns and lines are broken beside them") {
    CHECK(base::display_width("TIME_WAIT 等待") == 14);
    CHECK(base::display_width("ｱ。！é€") == 1 + 2 + 2 + 1 + 1);
    CHECK(base::display_width("한글 🚀 𠀀") == 4 + 1 + 2 + 1 + 2);
    CHECK(base::display_width("\xE4\xB8") == 2); // no character
    CHECK(base::code_points("等待") == 2);
    using Lines = std::vector<std::string>;
    CHECK(base::wrap("等待对端关闭", 8) == Lines{"等待对端", "关闭"});
    CHECK(base::wrap("等待对端关闭", 9) == Lines{"等待对端", "关闭"});
    CHECK(base::wrap("等待对端。关闭", 8) == Lines{"等待对", "端。关闭"}); // no line begins with a full stop
    CHECK(base::wrap("等待（RST）", 9) == Lines{"等待", "（RST）"});       // nor ends with an opening bracket
    CHECK(base::wrap("等 tcp_tw_reuse 为 1", 14) == Lines{"等", "tcp_tw_reuse", "为 1"});
    CHECK(base::wrap("等待", 1) == Lines{"等", "待"});
}

TEST_CASE("A caret stands under the place, behind wide characters too") {
    const base::Diagnostic diagnostic{base::Weight::error, {"a.toml", 1, 4}, "no", "等待 对端", 2, ""};
    CHECK(base::to_text(diagnostic) == "a.toml:1:4: error: no\n"
                                       "    等待 对端\n"
                                       "         ^~~~\n");
}

TEST_CASE("A diagnostic shows the place, the line and a caret") {
    const base::Diagnostic diagnostic{
        base::Weight::error,   {"a.toml", 3, 9}, "unknown fact 'fre'", "when = \"fre < 5\"", 3,
        "did you mean 'free'?"};
    CHECK(base::to_text(diagnostic) == "a.toml:3:9: error: unknown fact 'fre'\n"
                                       "    when = \"fre < 5\"\n"
                                       "            ^~~\n"
                                       "    did you mean 'free'?\n");
}

TEST_CASE("Diagnostics come in the order of their places") {
    base::Diagnostics diagnostics;
    diagnostics.add({base::Weight::error, {"b.toml", 1, 1}, "second", "", 1, ""});
    diagnostics.add({base::Weight::warning, {"a.toml", 9, 1}, "first", "", 1, ""});
    CHECK(base::to_text(diagnostics) == "a.toml:9:1: warning: first\nb.toml:1:1: error: second\n");
    CHECK(diagnostics.has_errors());
}

TEST_CASE("A very long line is cut around the place") {
    const std::string line = std::string(5000, 'x') + "HERE" + std::string(5000, 'y');
    const std::string text = base::to_text({base::Weight::error, {"f", 1, 5001}, "m", line, 4, ""});
    CHECK(text.find("HERE") != std::string::npos);
    CHECK(text.size() < 400);
    const std::size_t line_start = text.find('\n') + 1;
    const std::size_t caret_line = text.find('\n', line_start) + 1;
    CHECK(text.find("HERE") - line_start == text.find('^') - caret_line);
}

TEST_CASE("Lines are found by number") {
    CHECK(base::line_of("a\nb\r\nc", 2) == "b");
    CHECK(base::line_of("a\nb\r\nc", 3) == "c");
    CHECK(base::line_of("a", 5).empty());
}

TEST_CASE("Only regular files of bounded size are read") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("x");
    CHECK(base::read_file(path, 100).error().why == base::Why::absent);
    REQUIRE(base::write_atomically(path, "hello"));
    CHECK(*base::read_file(path, 100) == "hello");
    CHECK(base::read_file(path, 4).error().why == base::Why::failed);
    CHECK(base::read_file(scratch.file(""), 100).error().detail == "is a directory");
    REQUIRE(::mkfifo(scratch.file("fifo").c_str(), 0600) == 0);
    CHECK(base::read_file(scratch.file("fifo"), 100).error().why == base::Why::failed);
}

TEST_CASE("A FIFO in the place of a pseudo file is refused, whether somebody writes to it or not") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("fifo");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    for (const int mode : {O_PATH, O_RDWR}) {
        const base::Descriptor writer(::open(path.c_str(), mode | O_CLOEXEC));
        REQUIRE(writer);
        CHECK(base::read_pseudo_file(path, 100).error().why == base::Why::failed);
        CHECK(base::read_at_once(path, 100).error().why == base::Why::failed);
    }
    CHECK(base::read_pseudo_file("/dev/null", 100).value() == "");
}

TEST_CASE("What answers one read only is read at once, and a full buffer is no whole file") {
    const tests::Scratch scratch;
    const std::string path = scratch.file("x");
    CHECK(base::read_at_once(path, 100'000).error().why == base::Why::absent);
    for (const std::size_t size : {0, 5, 4095, 4096, 4097, 99'999}) {
        REQUIRE(base::write_atomically(path, std::string(size, '7')));
        const auto text = base::read_at_once(path, 100'000);
        REQUIRE(text);
        CHECK(*text == std::string(size, '7'));
    }
    REQUIRE(base::write_atomically(path, std::string(100'000, '7')));
    CHECK(base::read_at_once(path, 100'000).error().why == base::Why::truncated);
    CHECK(base::read_at_once(path, 50).error().why == base::Why::truncated);
}

TEST_CASE("A file is trusted if only its user could have written it and put it there") {
    namespace fs = std::filesystem;
    const tests::Scratch scratch;
    const std::string path = scratch.file("x");
    const auto why_not = [&] {
        const auto text = base::read_trusted_file(path, 100);
        return text ? std::string() : text.error().detail;
    };
    CHECK(base::read_trusted_file(path, 100).error().why == base::Why::absent);
    REQUIRE(base::write_atomically(path, "hello"));
    CHECK(*base::read_trusted_file(path, 100) == "hello");
    CHECK(base::read_trusted_file(path, 4).error().why == base::Why::failed);
    for (const auto bit : {fs::perms::group_write, fs::perms::others_write}) {
        fs::permissions(path, bit, fs::perm_options::add);
        CHECK(why_not().starts_with("others may write to it"));
        fs::permissions(path, bit, fs::perm_options::remove);
        fs::permissions(scratch.file(""), bit, fs::perm_options::add);
        CHECK(why_not().starts_with("its directory: others may write to it"));
        fs::permissions(scratch.file(""), fs::perms::sticky_bit, fs::perm_options::add);
        CHECK(why_not().empty());
        fs::permissions(scratch.file(""), bit | fs::perms::sticky_bit, fs::perm_options::remove);
    }
    fs::create_symlink(path, scratch.file("link"));
    CHECK(*base::read_trusted_file(scratch.file("link"), 100) == "hello");
}

TEST_CASE("What is invisible, or moves what people read, is no text") {
    for (const char* unsafe : {"\x7f", "\u009b", "\u00ad", "\u061c", "\u200b", "\u202e", "\u2028", "\u2060",
                               "\ufeff", "\uffff", "\U000e0041", "\U000e01ef", "\u180e", "\u3164"}) {
        CHECK(base::printable(std::string("a") + unsafe + "b") == "a?b");
    }
    CHECK(base::printable("\xff\xc3(") == std::string(2, '?') + "(");
    CHECK(base::printable("Zürich → 東京 🙂") == "Zürich → 東京 🙂");
    CHECK(base::json_printable("{\n \"\u009b\u202eü\U000e0041\"}") ==
          "{\n \"\\u009b\\u202eü\\udb40\\udc41\"}");
}

TEST_CASE("A directory is listed by suffix, sorted") {
    const tests::Scratch scratch;
    for (const char* name : {"b.toml", "a.toml", "c.txt", ".#a.toml"}) {
        REQUIRE(base::write_atomically(scratch.file(name), ""));
    }
    CHECK(*base::list_directory(scratch.file(""), ".toml") == std::vector<std::string>{"a.toml", "b.toml"});
    CHECK(base::list_directory(scratch.file("nowhere"), "").error().why == base::Why::absent);
}

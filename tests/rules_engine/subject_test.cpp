#include "rules/subject.h"
#include "tests/catch.h"

using rules::parse_subject;

namespace {

/// The text in its one spelling; the test fails if it is wrong.
std::string read(std::string_view key, std::string_view text) {
    const auto subject = parse_subject(key, text);
    INFO(key << " '" << text << "': " << (subject ? "" : subject.error().message));
    REQUIRE(subject.has_value());
    return subject->text;
}

bool fits(std::string_view key, std::string_view text, std::string_view shown) {
    const auto subject = parse_subject(key, text);
    INFO(key << " '" << text << "': " << (subject ? "" : subject.error().message));
    REQUIRE(subject.has_value());
    return subject->fits(rules::ShownSubject(key, shown));
}

/// "message|advice", empty if the text is right.
std::string error(std::string_view key, std::string_view text) {
    const auto subject = parse_subject(key, text);
    return subject ? std::string() : subject.error().message + "|" + subject.error().advice;
}

std::string advice(std::string_view text) {
    const std::string whole = error("remote", text);
    return whole.substr(whole.find('|') + 1);
}

constexpr const char* forms = "write ADDRESS, ADDRESS:PORTS, NETWORK/BITS or *:PORTS, such as 192.0.2.1:443, "
                              "10.0.0.0/8:443,9000-9100 or [2001:db8::/32]:443";

} // namespace

TEST_CASE("an address with or without ports means what facts print") {
    CHECK(fits("remote", "192.0.2.1", "192.0.2.1:443"));
    CHECK(fits("remote", "192.0.2.1", "192.0.2.1"));
    CHECK(fits("remote", "192.0.2.1:443", "192.0.2.1:443"));
    CHECK_FALSE(fits("remote", "192.0.2.1:443", "192.0.2.1:80"));
    CHECK_FALSE(fits("remote", "192.0.2.1:443", "192.0.2.1"));
    CHECK_FALSE(fits("remote", "192.0.2.1:443", "192.0.2.10:443"));
    CHECK_FALSE(fits("remote", "192.0.2.1", "[::ffff:0:1]:443"));
    CHECK(fits("remote", "2001:DB8:0::1", "[2001:db8::1]:443"));
    CHECK(fits("remote", "[2001:db8::1]:443", "[2001:db8::1]:443"));
    CHECK_FALSE(fits("remote", "[2001:db8::1]:443", "[2001:db8::1:443]:80"));
    CHECK(fits("source", "2001:db8::1", "2001:db8::1"));
    CHECK(fits("remote", "*:443", "192.0.2.1:443"));
    CHECK(fits("remote", "*:443", "[2001:db8::1]:443"));
    CHECK_FALSE(fits("remote", "*:443", "192.0.2.1:4430"));
}

TEST_CASE("a network holds the addresses that begin with its bits") {
    CHECK(fits("remote", "10.0.0.0/8", "10.255.255.255:1"));
    CHECK_FALSE(fits("remote", "10.0.0.0/8", "11.0.0.0:1"));
    CHECK_FALSE(fits("remote", "10.0.0.0/8", "9.255.255.255:1"));
    CHECK(fits("remote", "192.0.2.128/25", "192.0.2.128:1"));
    CHECK_FALSE(fits("remote", "192.0.2.128/25", "192.0.2.127:1"));
    CHECK(fits("remote", "192.0.2.6/31", "192.0.2.7:1"));
    CHECK_FALSE(fits("remote", "192.0.2.6/31", "192.0.2.8:1"));
    CHECK(fits("remote", "192.0.2.1/32", "192.0.2.1:1"));
    CHECK_FALSE(fits("remote", "192.0.2.1/32", "192.0.2.0:1"));
    CHECK(fits("remote", "0.0.0.0/0", "255.255.255.255:1"));
    CHECK_FALSE(fits("remote", "0.0.0.0/0", "[2001:db8::1]:1"));
    CHECK(fits("remote", "2001:db8::/32", "[2001:db8:ffff::1]:1"));
    CHECK_FALSE(fits("remote", "2001:db8::/32", "[2001:db9::1]:1"));
    CHECK(fits("remote", "2001:db8::1/128", "[2001:db8::1]:1"));
    CHECK_FALSE(fits("remote", "2001:db8::1/128", "[2001:db8::]:1"));
    CHECK(fits("remote", "::/0", "[2001:db8::1]:1"));
    CHECK_FALSE(fits("remote", "::/0", "192.0.2.1:1"));
    CHECK(fits("remote", "[2001:db8::/32]:443", "[2001:db8::1]:443"));
    CHECK_FALSE(fits("remote", "[2001:db8::/32]:443", "[2001:db8::1]:80"));
    CHECK(fits("source", "10.0.0.0/8", "10.1.2.3"));
}

TEST_CASE("a v4-mapped address is the IPv4 address") {
    CHECK(read("remote", "::ffff:192.0.2.1") == "192.0.2.1");
    CHECK(read("remote", "[::ffff:192.0.2.1]:443") == "192.0.2.1:443");
    CHECK(read("remote", "[::ffff:10.0.0.0/104]:443") == "10.0.0.0/8:443");
    CHECK(read("remote", "::ffff:0:0/96") == "0.0.0.0/0");
    CHECK(read("remote", "::fffe:0:0/95") == "::fffe:0:0/95"); // wider than the mapped ones: IPv6
    CHECK(fits("remote", "::ffff:10.0.0.0/104", "10.1.2.3:443"));
    CHECK(fits("remote", "10.0.0.0/8", "[::ffff:10.1.2.3]:443"));
}

TEST_CASE("ports are numbers and spans") {
    constexpr const char* list = "10.0.0.0/8:443,8443,9000-9100";
    CHECK(read("remote", list) == list);
    CHECK(read("remote", "[2001:DB8::1]:0443,9000-9000") == "[2001:db8::1]:443,9000");
    for (const char* in :
         {"10.0.0.1:443", "10.0.0.1:8443", "10.0.0.1:9000", "10.0.0.1:9050", "10.0.0.1:9100"}) {
        CHECK(fits("remote", list, in));
    }
    for (const char* out : {"10.0.0.1:442", "10.0.0.1:8999", "10.0.0.1:9101", "11.0.0.1:443"}) {
        CHECK_FALSE(fits("remote", list, out));
    }
    CHECK(fits("remote", "*:1-65535", "192.0.2.1:65535"));
}

TEST_CASE("a listener is found by its address and port, the wildcard one too") {
    CHECK(fits("listener", "*:8080", "*:8080"));
    CHECK(fits("listener", "*:8080-8090", "192.0.2.1:8085"));
    CHECK(fits("listener", "192.0.2.1:80", "192.0.2.1:80"));
    CHECK_FALSE(fits("listener", "192.0.2.1:80", "*:80"));
    CHECK(fits("listener", "0.0.0.0:80", "*:80")); // facts write both wildcards so
    CHECK(fits("listener", "[::]:80", "*:80"));
    CHECK_FALSE(fits("listener", "0.0.0.0:80", "192.0.2.1:80"));
    CHECK_FALSE(fits("listener", "10.0.0.0/8:80", "*:80"));
    CHECK_FALSE(fits("listener", "*:80", "many end points"));
}

TEST_CASE("names may hold asterisks") {
    CHECK(fits("owner", "nginx.service", "nginx.service"));
    CHECK_FALSE(fits("owner", "nginx.service", "nginx.service2"));
    CHECK_FALSE(fits("owner", "nginx", "nginx.service"));
    CHECK(fits("owner", "java (pid *)", "java (pid 4711)"));
    CHECK(fits("namespace", "web-*-prod-*", "web-7f9c-prod-"));
    CHECK_FALSE(fits("namespace", "web-*-prod-*", "web-7f9c-test-1"));
    CHECK(fits("name", "*.tcp_*", "net.ipv4.tcp_tw_reuse"));
    CHECK(fits("owner", "a**c", "abc"));
    CHECK(fits("owner", "*a*b", "aabab"));
    CHECK_FALSE(fits("owner", "*a*b", "aabaa"));
    CHECK_FALSE(fits("owner", "x*", ""));
    const std::string many(5000, 'a');
    CHECK_FALSE(fits("owner", "*a*a*a*a*a*a*a*a*a*a*b", many)); // must not take for ever
}

TEST_CASE("host bits, lengths and ports that cannot be are mistakes with a suggestion") {
    CHECK(error("remote", "10.1.2.3/8") ==
          "'10.1.2.3/8' is not a network: it has bits set behind the first 8|"
          "write 10.0.0.0/8 for the network, or 10.1.2.3 for the one address");
    CHECK(advice("10.1.2.3/8:443,80") ==
          "write 10.0.0.0/8:443,80 for the network, or 10.1.2.3:443,80 for the one address");
    CHECK(advice("2001:db8::1/32") ==
          "write 2001:db8::/32 for the network, or 2001:db8::1 for the one address");
    CHECK(advice("::ffff:10.1.2.3/104") ==
          "write 10.0.0.0/8 for the network, or 10.1.2.3 for the one address");
    CHECK(advice("0.0.0.1/0") == "write 0.0.0.0/0 for the network, or 0.0.0.1 for the one address");
    CHECK(error("remote", "10.0.0.0/33") ==
          "'/33' is not the length of a prefix|write /0 to /32 behind the address");
    CHECK(advice("2001:db8::/129") == "write /0 to /128 behind the address");
    for (const char* wrong : {"10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0",
                              "10.0.0.0/99999999999"}) {
        INFO(wrong);
        CHECK(error("remote", wrong).find("is not the length of a prefix") != std::string::npos);
    }
    for (const char* wrong :
         {"192.0.2.1:", "192.0.2.1:https", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:443,",
          "192.0.2.1:-443", "192.0.2.1:443-", "192.0.2.1:1-2-3", "192.0.2.1:+443", "*:*"}) {
        INFO(wrong);
        CHECK(error("remote", wrong).find("is not a port|write numbers from 1 to 65535") !=
              std::string::npos);
    }
    CHECK(error("remote", "*:9100-9000") ==
          "'9100-9000' are no ports: the first is greater than the last|write 9000-9100");
}

TEST_CASE("what is almost right is suggested") {
    CHECK(advice(":443") == "write *:443");
    CHECK(advice("443") == "write *:443");
    CHECK(advice("192.0.2.1:443, 8443") == "write 192.0.2.1:443,8443");
    CHECK(advice("192.0.2.1 ") == "write 192.0.2.1");
    CHECK(advice("[192.0.2.1]:443") == "write 192.0.2.1:443");
    CHECK(advice("[2001:db8::1]") == "write 2001:db8::1");
    CHECK(advice("[2001:db8::/32]") == "write 2001:db8::/32");
    CHECK(advice("[2001:db8::]/32") == "write 2001:db8::/32");
    CHECK(advice("[2001:db8::]/32:443") == "write [2001:db8::/32]:443");
    CHECK(advice("2001:db8::/32:443") == "write [2001:db8::/32]:443");
    CHECK(advice("fe80::1%eth0") == "write fe80::1");
    CHECK(advice("[fe80::1%3]:443") == "write [fe80::1]:443");
    CHECK(error("remote", "*") == "'*' is every address|add ports as in *:443, or change the whole rule");
    CHECK(error("owner", "**") == "'*' is every owner|leave it out, or change the whole rule");
    CHECK(error("owner", " ") == "an empty 'owner'|name one, or leave it out");
    CHECK(error("source", "10.0.0.0/8:443") == "a source has no ports|write 10.0.0.0/8");
    CHECK(error("source", "*:443") == "a source has no ports|leave it out");
    CHECK(error("remote", "0.0.0.0:443") ==
          "0.0.0.0 is the address of no connection|write *:443 for any address");
    CHECK(error("source", "::") == ":: is the address of no connection|leave it out");
}

TEST_CASE("what is no address is called so, whatever bytes it holds") {
    const std::string_view zero("192.0.2.1\0", 10);
    CHECK(error("remote", zero) == std::string("'192.0.2.1?' is neither an address nor a network|") + forms);
    for (const std::string& wrong :
         {std::string(), std::string("web.example:443"), std::string("192.0.2"), std::string("192.0.2.256"),
          std::string("192.0.2.*"), std::string("010.0.0.1"), std::string("[2001:db8::1"), std::string("["),
          std::string("[]:443"), std::string("[2001:db8::1]x443"), std::string("2001:db8:::1"),
          std::string("1:2:3:4:5:6:7:8:9"), std::string("/8"), std::string("%"), std::string(70000, ':'),
          std::string(70000, '1'), std::string("\x1b[31m\xff\xfe")}) {
        const std::string message = error("remote", wrong);
        INFO(message.substr(0, 200));
        CHECK(message.find("is neither an address nor a network|") != std::string::npos);
        CHECK(message.find('\x1b') == std::string::npos);
    }
    CHECK_FALSE(fits("remote", "192.0.2.1", zero));
    CHECK_FALSE(fits("remote", "0.0.0.0/0", ""));
}

#include "kernel/pseudonyms.h"

#include <algorithm>
#include <cctype>

namespace kernel {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

std::mt19937_64 seeded() {
    std::random_device device; // getrandom() where there is one
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
}

/// How many bytes at the start of `mask`, written there, tell the class of an IPv4 address.
std::size_t keep_v4_class(std::uint8_t* v4) {
    if (v4[0] == 127 || (v4[0] & 0xF0) == 0xE0) {
        return 1; // loopback; multicast
    }
    if (v4[0] == 169 && v4[1] == 254) {
        return 2;
    }
    const bool shared = v4[0] == 100 && (v4[1] & 0xC0) == 64;
    const bool is_private = v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xF0) == 16) ||
                            (v4[0] == 192 && v4[1] == 168) || shared;
    v4[0] = is_private ? 10 : 240;
    return 1;
}

std::size_t keep_v6_class(Bytes& v6) {
    if (v6[0] == 0xFE && (v6[1] & 0xC0) == 0x80) {
        return 8; // link-local: the rest of the prefix is zero
    }
    if (v6[0] == 0xFF) {
        return 2; // multicast, its flags and scope
    }
    if ((v6[0] & 0xFE) == 0xFC) {
        v6[0] = 0xFD;
        return 1;
    }
    v6[0] = 0x20;
    v6[1] = 0x01;
    v6[2] = 0x0D;
    v6[3] = 0xB8;
    return 4;
}

bool stays(const snapshot::Address& address) {
    static const std::array known = {
        snapshot::Address(),
        *snapshot::Address::parse("0.0.0.0"),
        *snapshot::Address::parse("255.255.255.255"),
        *snapshot::Address::parse("127.0.0.1"),
        *snapshot::Address::parse("::1"),
    };
    return std::find(known.begin(), known.end(), address) != known.end();
}

} // namespace

Pseudonyms::Pseudonyms() : random_(seeded()) {}

Bytes Pseudonyms::random_like(Bytes real) {
    const bool v4 = snapshot::Address::v6(real.data()).is_v4();
    const std::size_t kept = v4 ? 12 + keep_v4_class(&real[12]) : keep_v6_class(real);
    for (std::size_t i = kept; i < real.size(); ++i) {
        real[i] = static_cast<std::uint8_t>(random_() >> 32);
    }
    return real;
}

snapshot::Address Pseudonyms::of(const snapshot::Address& address) {
    if (stays(address)) {
        return address;
    }
    const auto [entry, added] = addresses_.try_emplace(address.bytes());
    while (added) {
        entry->second = random_like(address.bytes());
        const bool usable = !stays(snapshot::Address::v6(entry->second.data()));
        if (usable && taken_.insert(entry->second).second) {
            break;
        }
    }
    return snapshot::Address::v6(entry->second.data());
}

std::string Pseudonyms::name(std::string_view prefix, std::string_view real) {
    auto& known = names_[std::string(prefix)];
    const std::size_t number = known.size() + 1;
    return known.try_emplace(std::string(real), std::string(prefix) + "-" + std::to_string(number)).first->second;
}

std::string Pseudonyms::digits(std::string_view real) {
    const auto [entry, added] = digits_.try_emplace(std::string(real), real);
    if (added) {
        constexpr std::string_view hexadecimal = "0123456789abcdef";
        for (char& c : entry->second) {
            c = std::isxdigit(static_cast<unsigned char>(c)) != 0 ? hexadecimal[random_() >> 60] : c;
        }
    }
    return entry->second;
}

} // namespace kernel

#include "rules/remote.h"

#include "base/number.h"

#include <array>

#include <arpa/inet.h>

#include <fmt/format.h>

namespace rules {
namespace {

std::optional<std::string> address_as_shown(int family, std::string_view text) {
    std::array<unsigned char, 16> bytes{};
    std::array<char, INET6_ADDRSTRLEN> shown{};
    if (::inet_pton(family, std::string(text).c_str(), bytes.data()) != 1 ||
        ::inet_ntop(family, bytes.data(), shown.data(), shown.size()) == nullptr) {
        return std::nullopt;
    }
    const std::string_view text_shown = shown.data();
    const bool mapped = text_shown.starts_with("::ffff:") && text_shown.find('.') != std::string_view::npos;
    return std::string(mapped ? text_shown.substr(7) : text_shown);
}

std::optional<std::string> with_port(const std::optional<std::string>& address, std::string_view port) {
    const auto number = base::parse_port(port);
    if (!address || !number || *number == 0) {
        return std::nullopt;
    }
    return address->find(':') != std::string::npos ? fmt::format("[{}]:{}", *address, *number)
                                                   : fmt::format("{}:{}", *address, *number);
}

} // namespace

std::optional<std::string> remote_as_shown(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
        return std::nullopt; // inet_pton would stop there
    }
    if (text.starts_with('[')) {
        const std::size_t end = text.find("]:");
        return end == std::string_view::npos
                   ? std::nullopt
                   : with_port(address_as_shown(AF_INET6, text.substr(1, end - 1)), text.substr(end + 2));
    }
    if (auto six = address_as_shown(AF_INET6, text)) {
        return six;
    }
    const std::size_t colon = text.find(':');
    return colon == std::string_view::npos
               ? address_as_shown(AF_INET, text)
               : with_port(address_as_shown(AF_INET, text.substr(0, colon)), text.substr(colon + 1));
}

} // namespace rules

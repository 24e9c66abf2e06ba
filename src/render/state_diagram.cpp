#include "render/state_diagram.h"

#include "base/text.h"
#include "render/sums.h"
#include "render/wording.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace render {
namespace {

/// A field in braces is as wide as what takes its place.
constexpr std::array<std::string_view, 17> drawing = {
    "       connect()                                       listen()",
    "           │                                               │",
    " {SYN_SENT          }                             {LISTEN            }",
    "           │                                               │ SYN arrives",
    "           │                                      {SYN_RECV          }",
    "           │                                               │",
    "           └──────────▶  {ESTABLISHED       }  ◀───────────┘",
    "                             │          │",
    "           ┌─────────────────┘          └──────────────────┐",
    "           │ this end closes      the other end closes     │",
    " {FIN_WAIT1         }                             {CLOSE_WAIT        }",
    "           │           └─▶ {CLOSING         }              │ close()",
    " {FIN_WAIT2         }               │             {LAST_ACK          }",
    "           │                        │                      │",
    " {TIME_WAIT         }  ◀────────────┘                      │",
    "           │ 60 s                                          │",
    "         gone                                            gone",
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> plain_lines = {{{"│", "|"},
                                                                                       {"─", "-"},
                                                                                       {"┌", "+"},
                                                                                       {"┐", "+"},
                                                                                       {"└", "+"},
                                                                                       {"┘", "+"},
                                                                                       {"▶", ">"},
                                                                                       {"◀", "<"},
                                                                                       {"├", "+"}}};

std::string count_of_state(const std::vector<facts::StateCount>& states, std::string_view name) {
    for (const facts::StateCount& state : states) {
        const auto both = sum(state.ipv4, state.ipv6);
        if (state.name == name && both) {
            return std::to_string(*both);
        }
    }
    return "-";
}

std::string filled(std::string_view line, const std::vector<facts::StateCount>& states) {
    std::string text(line);
    for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open)) {
        const std::size_t width = text.find('}', open) + 1 - open;
        const std::string_view name = base::trim(std::string_view(text).substr(open + 1, width - 2));
        std::string field = clip(std::string(name) + ' ' + count_of_state(states, name), width);
        const std::size_t padding = width - field.size();
        field.insert(0, padding / 2, ' ');
        field.append(padding - padding / 2, ' ');
        text.replace(open, width, field);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

std::string ascii(std::string text) {
    for (const auto& [line, plain] : plain_lines) {
        for (std::size_t at = text.find(line); at != std::string::npos; at = text.find(line, at)) {
            text.replace(at, line.size(), plain);
        }
    }
    return text;
}

} // namespace

void state_diagram(std::ostream& out, const Style& style, const std::vector<facts::StateCount>& states) {
    for (const std::string_view line : drawing) {
        const std::string text = filled(line, states);
        out << (style.unicode ? text : ascii(text)) << '\n';
    }
}

} // namespace render

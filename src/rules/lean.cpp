#include "rules/lean.h"

#include "base/number.h"

#include <cassert>

namespace rules {
namespace {

class LeanReader {
  public:
    explicit LeanReader(std::string_view text) : rest_(text) {}

    Node node() {
        const std::string_view line = next();
        assert(!line.empty());
        const std::string_view content = line.substr(1);
        Node node;
        switch (line.front()) {
        case '{':
            node.members.reserve(size(content));
            for (std::size_t left = size(content); left > 0; --left) {
                const std::string_view key = next();
                node.members.push_back({{std::string(key), {}}, this->node()});
            }
            break;
        case '[':
            node.kind = Node::Kind::list;
            node.items.reserve(size(content));
            for (std::size_t left = size(content); left > 0; --left) {
                node.items.push_back(this->node());
            }
            break;
        case '?':
            node.kind = Node::Kind::boolean;
            node.truth = content == "1";
            break;
        case '#':
            node.kind = Node::Kind::number;
            node.number = base::parse_decimal(content).value_or(0);
            break;
        default:
            node.kind = Node::Kind::text;
            node.text = content;
        }
        return node;
    }

  private:
    std::string_view next() {
        const std::size_t end = rest_.find('\n');
        assert(end != std::string_view::npos);
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return line;
    }

    static std::size_t size(std::string_view number) { return base::parse_unsigned(number).value_or(0); }

    std::string_view rest_;
};

} // namespace

Node read_lean(std::string_view text) {
    return LeanReader(text).node();
}

} // namespace rules

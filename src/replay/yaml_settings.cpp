#include "replay/yaml_settings.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#ifdef TCPADVISOR_YAML
#include <yaml.h>
#endif

namespace replay {

bool is_sysctl_name(std::string_view text) {
    constexpr auto roots = std::to_array<std::string_view>(
        {"net", "kernel", "vm", "fs", "dev", "user", "abi", "crypto", "debug", "sunrpc", "xen"});
    const std::size_t first = text.find_first_of("./");
    const bool plain = text.find_first_of(" \t\n=:{}\"'") == std::string_view::npos;
    return plain && first != std::string_view::npos && first + 1 < text.size() &&
           std::find(roots.begin(), roots.end(), text.substr(0, first)) != roots.end();
}

#ifdef TCPADVISOR_YAML

namespace {

constexpr std::size_t deepest = 200;

struct Scalar {
    std::string text;
    std::size_t line = 0;
    bool is_block = false; // begins on the line after its mark
};

/// A collection that is open.
struct Frame {
    bool is_mapping = false;
    std::optional<Scalar> key; // whose value comes next
    std::optional<Scalar> name;
    std::optional<Scalar> value;
    bool is_absent = false; // "state: absent"
};

class YamlWalk {
  public:
    base::Result<std::vector<YamlSetting>> read(std::string_view text) {
        yaml_parser_t parser;
        if (yaml_parser_initialize(&parser) == 0) {
            return base::Error{"no memory for YAML"};
        }
        yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
        std::string mistake;
        for (bool more = true; more && mistake.empty();) {
            yaml_event_t event;
            if (yaml_parser_parse(&parser, &event) == 0) {
                mistake = fmt::format("line {}: no YAML: {}", parser.problem_mark.line + 1,
                                      parser.problem != nullptr ? parser.problem : "unreadable");
                break;
            }
            take(event);
            more = event.type != YAML_STREAM_END_EVENT;
            if (frames_.size() > deepest) {
                mistake = fmt::format("line {}: nested deeper than {}", event.start_mark.line + 1, deepest);
            }
            yaml_event_delete(&event);
        }
        yaml_parser_delete(&parser);
        if (!mistake.empty()) {
            return base::Error{mistake};
        }
        return std::move(found_);
    }

  private:
    void take(const yaml_event_t& event) {
        switch (event.type) {
        case YAML_MAPPING_START_EVENT:
            frames_.push_back({true, {}, {}, {}, false});
            break;
        case YAML_SEQUENCE_START_EVENT:
            frames_.push_back({});
            break;
        case YAML_MAPPING_END_EVENT:
        case YAML_SEQUENCE_END_EVENT:
            close();
            break;
        case YAML_SCALAR_EVENT:
            take_scalar(scalar_of(event));
            break;
        case YAML_ALIAS_EVENT:
            take_scalar({});
            break;
        default:
            break;
        }
    }

    static Scalar scalar_of(const yaml_event_t& event) {
        const auto& scalar = event.data.scalar;
        const bool is_block =
            scalar.style == YAML_LITERAL_SCALAR_STYLE || scalar.style == YAML_FOLDED_SCALAR_STYLE;
        return {std::string(reinterpret_cast<const char*>(scalar.value), scalar.length),
                event.start_mark.line + 1, is_block};
    }

    void close() {
        if (frames_.empty()) {
            return;
        }
        const Frame frame = std::move(frames_.back());
        frames_.pop_back();
        if (frame.name && frame.value && is_sysctl_name(frame.name->text) && !frame.is_absent) {
            add(frame.name->text, *frame.value);
        }
        if (!frames_.empty()) {
            frames_.back().key.reset();
        }
    }

    void take_scalar(Scalar scalar) {
        if (frames_.empty() || !frames_.back().is_mapping) {
            add_text(scalar);
            return;
        }
        Frame& frame = frames_.back();
        if (!frame.key) {
            frame.key = std::move(scalar);
            return;
        }
        const std::string key = std::move(frame.key->text);
        frame.key.reset();
        if (is_sysctl_name(key)) {
            add(key, scalar);
        } else if (key == "name") {
            frame.name = std::move(scalar);
        } else if (key == "value") {
            frame.value = std::move(scalar);
        } else if (key == "state") {
            frame.is_absent = scalar.text == "absent";
        } else {
            add_text(scalar);
        }
    }

    void add(const std::string& name, const Scalar& value) {
        found_.push_back({name, base::one_line(value.text), value.line});
    }

    /// A whole sysctl.conf in a text, as config maps and templates of files have it.
    void add_text(const Scalar& scalar) {
        std::size_t line = scalar.line + (scalar.is_block ? 1 : 0);
        for (const std::string_view part : base::split(scalar.text, '\n')) {
            const std::size_t equals = part.find('=');
            std::string_view name = base::trim(part.substr(0, std::min(equals, part.size())));
            name.remove_prefix(name.starts_with('-') ? 1 : 0);
            if (equals != std::string_view::npos && is_sysctl_name(name)) {
                found_.push_back({std::string(name), std::string(base::trim(part.substr(equals + 1))), line});
            }
            line += scalar.is_block ? 1 : 0;
        }
    }

    std::vector<Frame> frames_;
    std::vector<YamlSetting> found_;
};

} // namespace

base::Result<std::vector<YamlSetting>> read_yaml_settings(std::string_view text) {
    return YamlWalk().read(text);
}

#else

base::Result<std::vector<YamlSetting>> read_yaml_settings(std::string_view) {
    return base::Error{
        "YAML or JSON, which this build of tcpadvisor does not read (it was built without libyaml)"};
}

#endif

} // namespace replay

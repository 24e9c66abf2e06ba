#include "replay/yaml_settings.h"

#include "base/text.h"
#include "replay/sysctl_commands.h"
#include "snapshot/sysctls.h"

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

constexpr std::string_view filled_in = "{{ }}";

struct Scalar {
    std::string text;
    std::size_t line = 0;
    std::size_t last_line = 0;
    bool is_block = false; // begins on the line after its mark
};

/// A collection that is open.
struct Frame {
    bool is_mapping = false;
    std::size_t line = 0;
    std::size_t host = 0;
    std::string own_key = {};       // in the mapping that it is a value of
    std::optional<Scalar> key = {}; // whose value comes next
    std::optional<Scalar> name = {};
    std::optional<Scalar> value = {};
    bool is_absent = false;   // "state: absent"
    bool is_template = false; // "{{ x }}" without quotes: a mapping whose key is a mapping
};

class YamlWalk {
  public:
    base::Result<YamlSettings> read(std::string_view text) {
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
        case YAML_DOCUMENT_START_EVENT:
            document_ = ++hosts_;
            break;
        case YAML_MAPPING_START_EVENT:
        case YAML_SEQUENCE_START_EVENT:
            open(event.type == YAML_MAPPING_START_EVENT, event.start_mark.line + 1);
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
                event.start_mark.line + 1, event.end_mark.line + 1, is_block};
    }

    void open(bool is_mapping, std::size_t line) {
        Frame frame{is_mapping, line, document_};
        if (!frames_.empty()) {
            Frame& parent = frames_.back();
            parent.is_template |= parent.is_mapping && is_mapping && !parent.key;
            frame.own_key = parent.key ? parent.key->text : "";
            frame.host = is_host(frame, parent) ? ++hosts_ : parent.host;
        }
        frames_.push_back(std::move(frame));
    }

    /// What a pod, a service of compose or a container of a list has, and a host in an inventory.
    static bool is_host(const Frame& frame, const Frame& parent) {
        const std::string key = base::lower_ascii(frame.own_key);
        return key == "sysctls" || key == "systemcontrols" ||
               (parent.is_mapping && parent.own_key == "hosts");
    }

    void close() {
        if (frames_.empty()) {
            return;
        }
        const Frame frame = std::move(frames_.back());
        frames_.pop_back();
        if (frame.is_template) {
            take_scalar({std::string(filled_in), frame.line, frame.line});
            return;
        }
        if (frame.name && is_sysctl_name(frame.name->text) && (frame.is_absent || frame.value)) {
            know(frame.name->text, *frame.name);
            if (!frame.is_absent) {
                add(frame.name->text, *frame.value, frame.host);
            }
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
        const Scalar key = std::move(*frame.key);
        frame.key.reset();
        take_pair(frame, key, std::move(scalar));
    }

    void take_pair(Frame& frame, const Scalar& key, Scalar scalar) {
        if (const std::string name = is_sysctl_name(key.text) ? key.text : nested(key.text); !name.empty()) {
            know(name, key);
            add(name, scalar, frame.host);
        } else if (key.text == "name" || key.text == "key" || key.text == "namespace") {
            frame.name = std::move(scalar);
        } else if (key.text == "value" || key.text == "val") {
            frame.value = std::move(scalar);
        } else if (key.text == "state") {
            frame.is_absent = scalar.text == "absent";
        } else if (key.text == "sysctl" || key.text.ends_with(".sysctl")) {
            add_task(scalar);
        } else {
            frame.host = key.text == "hosts" && is_play() ? ++hosts_ : frame.host;
            add_text(scalar);
        }
    }

    /// A mapping in the list that is the document.
    bool is_play() const { return frames_.size() == 2 && !frames_.front().is_mapping; }

    /// "net: {ipv4: {tcp_tw_reuse: 1}}"; empty if it is no sysctl that the program knows.
    std::string nested(const std::string& key) const {
        std::string name = key;
        for (auto frame = frames_.rbegin(); frame != frames_.rend() && !frame->own_key.empty(); ++frame) {
            name.insert(0, frame->own_key + ".");
            if (frame->own_key == "net") {
                return snapshot::find_sysctl(name) != nullptr ? name : "";
            }
        }
        return {};
    }

    void know(const std::string& name, const Scalar& where) {
        found_.names.push_back({plain_sysctl_name(name), where.line, where.last_line});
    }

    void add(const std::string& name, const Scalar& value, std::size_t host) {
        found_.settings.push_back({name, base::one_line(value.text), value.line, host});
    }

    std::size_t host() const { return frames_.empty() ? document_ : frames_.back().host; }

    /// "sysctl: name=x value=1" of Ansible.
    void add_task(const Scalar& scalar) {
        const auto task = sysctl_task_in(scalar.text);
        if (!task) {
            add_text(scalar);
            return;
        }
        know(task->name, scalar);
        if (!task->is_absent) {
            found_.settings.push_back({task->name, task->value, scalar.line, host()});
        }
    }

    /// A whole sysctl.conf in a text, as config maps and templates of files have it, or a script.
    void add_text(const Scalar& scalar) {
        std::size_t line = scalar.line + (scalar.is_block ? 1 : 0);
        for (const std::string_view part : base::split(scalar.text, '\n')) {
            const Scalar where{{}, line, scalar.is_block ? line : scalar.last_line};
            const std::size_t equals = part.find('=');
            std::string_view name = base::trim(part.substr(0, std::min(equals, part.size())));
            name.remove_prefix(name.starts_with('-') ? 1 : 0);
            if (equals != std::string_view::npos && is_sysctl_name(name)) {
                know(std::string(name), where);
                found_.settings.push_back(
                    {std::string(name), std::string(base::trim(part.substr(equals + 1))), line, host()});
            } else {
                add_commands(part, where);
            }
            line += scalar.is_block ? 1 : 0;
        }
    }

    void add_commands(std::string_view part, const Scalar& where) {
        for (const CommandSetting& setting : sysctl_commands_in(part)) {
            know(setting.name, where);
            found_.settings.push_back(
                {setting.name, setting.value, where.line, setting.of_container ? ++hosts_ : host()});
        }
    }

    std::vector<Frame> frames_;
    YamlSettings found_;
    std::size_t hosts_ = 0;
    std::size_t document_ = 0;
};

} // namespace

base::Result<YamlSettings> read_yaml_settings(std::string_view text) {
    return YamlWalk().read(text);
}

#else

base::Result<YamlSettings> read_yaml_settings(std::string_view) {
    return base::Error{
        "YAML or JSON, which this build of tcpadvisor does not read (it was built without libyaml)"};
}

#endif

} // namespace replay

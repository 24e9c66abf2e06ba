#include "replay/settings.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/sysctl_files.h"
#include "kernel/sysctl_history.h"
#include "replay/lines.h"
#include "replay/replay.h"
#include "replay/tree.h"
#include "replay/yaml_settings.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace replay {
namespace {

using base::Gap;
using base::Why;

constexpr std::size_t largest_settings = std::size_t{16} << 20;
constexpr const char* kernel_key = "kernel.osrelease";

/// "name = value" of a line; an empty name if it is none.
std::pair<std::string_view, std::string_view> assignment_in(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        return {};
    }
    return {base::trim(line.substr(0, equals)), base::trim(line.substr(equals + 1))};
}

bool is_comment(std::string_view line) {
    return line.empty() || line.front() == '#' || line.front() == ';';
}

/// Filled in by another program before it is applied.
bool is_variable(std::string_view value) {
    return value.find("{{") != std::string_view::npos || value.find("${") != std::string_view::npos ||
           value.find("{%") != std::string_view::npos;
}

void add_setting(SettingsText& settings, std::string_view name, std::string_view value, std::size_t line) {
    if (is_variable(value)) {
        settings.gaps.push_back({base::printable(name), Why::not_collected,
                                 fmt::format("line {} gives it a variable, not a value", line)});
        return;
    }
    settings.lines.push_back({fmt::format("{} = {}", name, value), line});
}

// tuned.conf(5): the section [sysctl], without the options that every section has.

bool is_tuned(std::string_view text) {
    const auto lines = base::split(text, '\n');
    return std::any_of(lines.begin(), lines.end(),
                       [](std::string_view line) { return base::trim(line) == "[sysctl]"; });
}

void read_tuned(std::string_view text, SettingsText& settings) {
    std::string_view section;
    std::size_t number = 0;
    for (const std::string_view raw : base::split(text, '\n')) {
        ++number;
        const std::string_view line = base::trim(raw);
        if (line.starts_with('[') && line.ends_with(']')) {
            section = line;
            continue;
        }
        auto [name, value] = assignment_in(line);
        if (is_comment(line) || name.empty()) {
            continue;
        }
        if (section == "[main]" && name == "include") {
            settings.gaps.push_back({"the profile " + base::printable(value), Why::not_collected,
                                     "it is included, and was not read"});
        }
        if (section == "[sysctl]" && is_sysctl_name(name)) {
            value.remove_prefix(value.starts_with('>') || value.starts_with('<') ? 1 : 0); // only up, or down
            if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
                value = value.substr(1, value.size() - 2);
            }
            add_setting(settings, name, base::trim(value), number);
        }
    }
}

bool is_yaml(std::string_view text, std::string_view name) {
    const std::string_view start = base::trim(text);
    return name.ends_with(".yml") || name.ends_with(".yaml") || name.ends_with(".json") ||
           start.starts_with("---") || start.starts_with('{') || start.starts_with("apiVersion:");
}

base::Status read_yaml(std::string_view text, SettingsText& settings) {
    const auto found = read_yaml_settings(text);
    if (!found) {
        return found.error();
    }
    if (found->empty()) {
        return base::Error{"no sysctl is set in it"};
    }
    for (const YamlSetting& setting : *found) {
        add_setting(settings, setting.name, setting.value, setting.line);
    }
    return base::Nothing{};
}

/// What the kernel printed is no request: it holds whatever the program does not know as well.
void keep_known(SettingsText& dump) {
    std::erase_if(dump.lines, [](const SettingLine& line) {
        return snapshot::find_sysctl(assignment_in(line.text).first) == nullptr;
    });
}

void read_lines(std::string_view text, SettingsText& settings) {
    std::size_t number = 0;
    for (const std::string_view raw : base::split(text, '\n')) {
        ++number;
        const std::string_view line = base::trim(raw);
        const auto [name, value] = assignment_in(line);
        if (name == kernel_key) {
            settings.is_dump = true; // nobody can set it
            settings.kernel = value;
        }
        const bool is_complaint = line.starts_with("sysctl: "); // of `sysctl -a 2>&1`
        if (is_comment(line) || is_complaint) {
            continue;
        }
        if (name.empty()) {
            settings.lines.push_back({std::string(line), number});
        } else {
            add_setting(settings, name, value, number);
        }
    }
    if (settings.is_dump) {
        keep_known(settings);
    }
}

} // namespace

base::Result<SettingsText> read_settings(std::string content, std::string_view name) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (auto plain = utf8_of_utf16(content)) {
        content = std::move(*plain);
    }
    std::string_view text = content;
    text.remove_prefix(text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
    if (text.find('\0') != std::string_view::npos) {
        return base::Error{"no text"};
    }
    SettingsText settings;
    const auto lines = base::split(text, '\n');
    settings.as_written.assign(lines.begin(), lines.end());
    if (is_tuned(text)) {
        read_tuned(text, settings);
    } else if (is_yaml(text, name)) {
        if (const base::Status read = read_yaml(text, settings); !read) {
            return read.error();
        }
    } else {
        read_lines(text, settings);
    }
    return settings;
}

namespace {

/// A file under the path where a boot would find it.
struct PlacedFile {
    std::string shown; // as it is shown to people
    SettingsText settings;
    std::optional<Gap> unread;
};

/// By that path.
using PlacedFiles = std::map<std::string, PlacedFile>;

/// One configuration, as a host would have booted with it.
struct Configuration {
    std::string label;
    PlacedFiles files;
    bool by_systemd = false;
    std::string kernel; // the release it is for; may be empty
};

class SettingsMachine : public kernel::Machine {
  public:
    SettingsMachine(Configuration configuration, kernel::Release release)
        : own_(std::move(configuration)), release_(release) {
        for (const auto& [path, file] : own_.files) {
            is_dump_ |= file.settings.is_dump;
            gaps_.insert(gaps_.end(), file.settings.gaps.begin(), file.settings.gaps.end());
        }
    }

    snapshot::Reading<std::string> read(const std::string& path) override {
        constexpr std::string_view root = "/proc/sys/";
        if (path == "/proc/sys/kernel/osrelease") {
            return fmt::format("{}.{}\n", release_.first, release_.second);
        }
        if (const auto found = own_.files.find(path); found != own_.files.end()) {
            return content_of(found->second);
        }
        if (!path.starts_with(root)) {
            return path.starts_with("/proc/") ? untold(path) : Gap{path, Why::absent, ""};
        }
        std::string name = path.substr(root.size());
        std::replace(name.begin(), name.end(), '/', '.');
        const snapshot::SysctlInfo* info = snapshot::find_sysctl(name);
        return info != nullptr ? after_boot(*info) : untold(path);
    }

    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override {
        if (directory == "/run/systemd/system") {
            return own_.by_systemd ? snapshot::Reading<std::vector<std::string>>(std::vector<std::string>())
                                   : Gap{directory, Why::absent, ""};
        }
        if (directory.starts_with("/proc/sys/")) {
            return names_below(directory);
        }
        std::vector<std::string> names;
        for (const auto& [path, file] : own_.files) {
            if (path.substr(0, path.rfind('/')) == directory) {
                names.push_back(path.substr(directory.size() + 1));
            }
        }
        return names.empty() ? snapshot::Reading<std::vector<std::string>>(Gap{directory, Why::absent, ""})
                             : std::move(names);
    }

    std::string origin(const std::string& file_and_line) override {
        const std::size_t colon = file_and_line.rfind(':');
        const auto found = own_.files.find(file_and_line.substr(0, colon));
        const auto place =
            static_cast<std::size_t>(std::strtoul(file_and_line.c_str() + colon + 1, nullptr, 10));
        if (found == own_.files.end() || place == 0 || place > found->second.settings.lines.size()) {
            return file_and_line;
        }
        return fmt::format("{}:{}", found->second.shown, found->second.settings.lines[place - 1].line);
    }

    kernel::Walked sockets(const kernel::Query&, const kernel::SocketSink&) override {
        return {Gap{"the socket table", Why::absent, std::string(untold_by_settings)}};
    }
    snapshot::Holders holders(std::span<const snapshot::WantedSocket>) override {
        return {{}, {}, untold("who holds the sockets")};
    }
    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t>) override { return {}; }

    snapshot::Provenance provenance() override {
        snapshot::Provenance provenance;
        provenance.name = std::string(is_dump_ ? dump_source : settings_source);
        provenance.has_backlogs = provenance.has_users = provenance.has_ipv6 = false;
        provenance.gaps = gaps_;
        return provenance;
    }
    double now() override { return 0; }

  private:
    static Gap untold(const std::string& what) {
        return {what, Why::not_collected, std::string(untold_by_settings)};
    }

    static snapshot::Reading<std::string> content_of(const PlacedFile& file) {
        if (file.unread) {
            return *file.unread;
        }
        std::string text;
        for (const SettingLine& line : file.settings.lines) {
            text += line.text + '\n';
        }
        return text;
    }

    snapshot::Reading<std::vector<std::string>> names_below(const std::string& directory) const {
        constexpr std::string_view root = "/proc/sys/";
        if (auto names = kernel::sysctls_in(std::string_view(directory).substr(root.size()), release_);
            names && !is_dump_) {
            return std::move(*names);
        }
        constexpr auto with_devices =
            std::to_array<std::string_view>({"/proc/sys/net/ipv4/conf", "/proc/sys/net/ipv4/neigh",
                                             "/proc/sys/net/ipv4/route", "/proc/sys/net/ipv4/vs"});
        const bool is_open = std::any_of(with_devices.begin(), with_devices.end(),
                                         [&](std::string_view one) { return directory.starts_with(one); });
        const bool is_closed = directory.starts_with("/proc/sys/net/ipv4/") && !is_open;
        return is_closed ? Gap{directory, Why::absent, ""} : untold(directory);
    }

    /// What the kernel would have after it booted with these files.
    snapshot::Reading<std::string> after_boot(const snapshot::SysctlInfo& info) {
        if (!boot_) {
            std::vector<Gap> said; // again when somebody asks for the files themselves
            boot_ = kernel::read_boot_sysctls(*this, said);
        }
        const std::string name(info.name);
        if (!kernel::has_sysctl(info, release_)) {
            return Gap{name, Why::absent,
                       fmt::format("Linux {}.{} does not have it", release_.first, release_.second)};
        }
        const auto set = boot_->values.find(name);
        const auto taken = set != boot_->values.end() && !boot_->refused.contains(name)
                               ? snapshot::as_kernel_takes(info, set->second.value)
                               : std::nullopt;
        if (taken) {
            return *taken + '\n';
        }
        if (boot_->unread) {
            return *boot_->unread;
        }
        const bool is_variable =
            std::any_of(gaps_.begin(), gaps_.end(), [&](const Gap& gap) { return gap.what == name; });
        const auto usual = is_dump_ || is_variable ? std::nullopt : kernel::default_of(info, release_);
        return usual ? snapshot::Reading<std::string>(*usual + '\n') : untold(name);
    }

    Configuration own_;
    kernel::Release release_;
    bool is_dump_ = false;
    std::vector<Gap> gaps_;
    std::optional<snapshot::BootSysctls> boot_;
};

// From paths to configurations.

constexpr auto boot_directories = std::to_array<std::string_view>(
    {"etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", "lib/sysctl.d"});

class Loader {
  public:
    base::Status add_root(const std::string& path) {
        const auto tree = Tree::open(path);
        if (!tree) {
            return tree.error();
        }
        Configuration configuration{path, {}, has_systemd(*tree), kernel_of(*tree)};
        for (const std::string_view directory : boot_directories) {
            add_directory(*tree, path, std::string(directory), configuration.files);
        }
        add_file(*tree, path, "etc/sysctl.conf", configuration.files);
        if (configuration.files.empty()) {
            return base::Error{path + ": no root directory: neither etc/sysctl.d, usr/lib/sysctl.d nor "
                                      "etc/sysctl.conf is in it"};
        }
        return add(std::move(configuration));
    }

    base::Status add_path(const std::string& path) {
        std::error_code error;
        if (!std::filesystem::is_directory(path, error)) {
            return add_single(path);
        }
        const auto tree = Tree::open(path);
        if (!tree) {
            return tree.error();
        }
        if (std::any_of(boot_directories.begin(), boot_directories.end(),
                        [&](std::string_view one) { return tree->has(std::string(one)); }) ||
            tree->has("etc/sysctl.conf")) {
            return add_root(path);
        }
        return add_tree(*tree, path);
    }

    std::vector<Configuration> take() { return std::move(configurations_); }

  private:
    static std::string below(const std::string& directory, const std::string& name) {
        const bool is_here = directory.empty() || directory == "." || directory == "./";
        return is_here ? name : directory + (directory.ends_with('/') ? "" : "/") + name;
    }

    static bool has_systemd(const Tree& tree) {
        return tree.has("usr/lib/systemd/systemd-sysctl") || tree.has("lib/systemd/systemd-sysctl");
    }

    /// The newest one whose modules are there.
    static std::string kernel_of(const Tree& tree) {
        std::optional<kernel::Release> newest;
        std::string name;
        for (const char* place : {"usr/lib/modules", "lib/modules"}) {
            const auto releases = tree.list(place);
            for (std::size_t i = 0; releases && i < releases->size(); ++i) {
                const auto release = kernel::parse_release((*releases)[i]);
                if (release && (!newest || *release > *newest)) {
                    newest = release;
                    name = (*releases)[i];
                }
            }
        }
        return name;
    }

    static void add_file(const Tree& tree, const std::string& root, const std::string& path,
                         PlacedFiles& files) {
        auto content = tree.read(path);
        if (!content && content.error().why == Why::absent) {
            return;
        }
        PlacedFile file{below(root, path), {}, {}};
        auto settings = content ? read_settings(*content, "") : base::Result<SettingsText>(SettingsText());
        if (!content || !settings) {
            file.unread = content ? Gap{file.shown, Why::failed, settings.error().what} : content.error();
            file.unread->what = file.shown;
        } else {
            file.settings = std::move(*settings);
        }
        files.emplace("/" + path, std::move(file));
    }

    /// A name that is there hides the same name elsewhere, even if it is a link to nowhere.
    static void add_directory(const Tree& tree, const std::string& root, const std::string& directory,
                              PlacedFiles& files) {
        const auto names = tree.list(directory);
        for (std::size_t i = 0; names && i < names->size(); ++i) {
            const std::string& name = (*names)[i];
            if (!name.ends_with(".conf")) {
                continue;
            }
            const std::size_t before = files.size();
            add_file(tree, root, below(directory, name), files);
            if (files.size() == before) {
                files.emplace("/" + below(directory, name),
                              PlacedFile{below(root, below(directory, name)), {}, {}});
            }
        }
    }

    /// A boot finds it as the only file.
    base::Status add_one(const std::string& shown, SettingsText settings) {
        Configuration configuration{shown, {}, false, settings.kernel};
        configuration.files.emplace("/etc/sysctl.d/file.conf", PlacedFile{shown, std::move(settings), {}});
        return add(std::move(configuration));
    }

    base::Status add_single(const std::string& path) {
        base::Result<std::string> content = base::Error{};
        if (path == standard_input) {
            content = read_standard_input();
        } else if (auto file = base::read_file(path, largest_settings)) {
            content = std::move(*file);
        } else {
            content = base::Error{base::complaint(file.error())};
        }
        if (!content) {
            return content.error();
        }
        auto settings = read_settings(std::move(*content), path);
        if (!settings) {
            return base::Error{path + ": " + settings.error().what};
        }
        return add_one(path, std::move(*settings));
    }

    /// A directory of a repository: its own files *.conf are one configuration, and so is what lies deeper.
    base::Status add_tree(const Tree& tree, const std::string& path) {
        const std::size_t before = configurations_.size();
        const base::Status walked = walk(tree, path, "", 0);
        if (walked && configurations_.size() == before) {
            return base::Error{path +
                               ": no file of sysctls is in it: neither *.conf, nor tuned.conf, nor YAML "
                               "that sets one"};
        }
        return walked;
    }

    base::Status walk(const Tree& tree, const std::string& root, const std::string& directory, int depth) {
        constexpr int deepest = 12;
        const auto names = tree.list(directory.empty() ? "." : directory);
        if (!names || depth > deepest) {
            return base::Nothing{};
        }
        Configuration together{directory.empty() ? root : below(root, directory), {}, false, ""};
        for (const std::string& name : *names) {
            const std::string path = directory.empty() ? name : below(directory, name);
            if (tree.list(path)) {
                if (const base::Status inner = walk(tree, root, path, depth + 1); !inner) {
                    return inner;
                }
                continue;
            }
            if (name == "tuned.conf" || name.ends_with(".yml") || name.ends_with(".yaml")) {
                add_if_settings(tree, root, path);
            } else if (name.ends_with(".conf")) {
                add_if_conf(tree, root, path, name, together.files);
            }
        }
        return together.files.empty() ? base::Status(base::Nothing{}) : add(std::move(together));
    }

    /// Other files of YAML are no mistake.
    void add_if_settings(const Tree& tree, const std::string& root, const std::string& path) {
        const auto content = tree.read(path);
        auto settings = content && content->size() <= largest_settings
                            ? read_settings(*content, path)
                            : base::Result<SettingsText>(base::Error{});
        const bool is_about = content && (content->find("net.ipv4.") != std::string::npos ||
                                          content->find("net.core.") != std::string::npos);
        if (!settings && is_about) { // a template
            settings = SettingsText();
            settings->gaps.push_back({below(root, path), Why::failed, "names sysctls and was not read"});
        }
        if (settings && (!settings->lines.empty() || !settings->gaps.empty())) {
            static_cast<void>(add_one(below(root, path), std::move(*settings)).has_value());
        }
    }

    /// In sysctl.d all are meant; elsewhere those with a setting.
    void add_if_conf(const Tree& tree, const std::string& root, const std::string& path,
                     const std::string& name, PlacedFiles& files) {
        PlacedFiles one;
        add_file(tree, root, path, one);
        if (one.empty()) {
            return;
        }
        PlacedFile& file = one.begin()->second;
        const std::string parent = std::filesystem::absolute(below(root, path)).parent_path().filename();
        const bool is_meant =
            name.find("sysctl") != std::string::npos || parent.find("sysctl") != std::string::npos ||
            std::any_of(file.settings.lines.begin(), file.settings.lines.end(), [](const SettingLine& line) {
                return is_sysctl_name(assignment_in(line.text).first);
            });
        if (is_meant) {
            files.emplace("/etc/sysctl.d/" + name, std::move(file));
        }
    }

    base::Status add(Configuration configuration) {
        constexpr std::size_t most = 1000;
        if (configurations_.size() == most) {
            return base::Error{"more than 1000 configurations: name fewer paths"};
        }
        configurations_.push_back(std::move(configuration));
        return base::Nothing{};
    }

    std::vector<Configuration> configurations_;
};

/// For people who want to see what is wrong with a line.
void keep_lines(const Configuration& configuration, Settings& settings) {
    for (const auto& [path, file] : configuration.files) {
        settings.lines.emplace(file.shown, file.settings.as_written);
    }
}

} // namespace

base::Result<Settings> open_settings(const std::vector<std::string>& paths,
                                     const std::optional<std::string>& root, const std::string& kernel) {
    const auto asked = kernel.empty() ? std::nullopt : kernel::parse_release(kernel);
    Loader loader;
    if (root) {
        if (const base::Status added = loader.add_root(*root); !added) {
            return added.error();
        }
    }
    for (const std::string& path : paths) {
        if (const base::Status added = loader.add_path(path); !added) {
            return added.error();
        }
    }
    Settings settings;
    for (Configuration& configuration : loader.take()) {
        const std::string label = configuration.label;
        const auto told = kernel::parse_release(configuration.kernel);
        keep_lines(configuration, settings);
        settings.targets.push_back(
            {label, 0,
             std::make_unique<SettingsMachine>(std::move(configuration), asked  ? *asked
                                                                         : told ? *told
                                                                                : kernel::newest_release)});
    }
    return settings;
}

} // namespace replay

#include "replay/settings.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/sysctl_history.h"
#include "replay/replay.h"
#include "replay/repository_files.h"
#include "replay/settings_machine.h"
#include "replay/settings_text.h"
#include "replay/tree.h"
#include "replay/yaml_settings.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace replay {
namespace {

using base::Gap;
using base::Why;

constexpr std::size_t largest_settings = std::size_t{16} << 20;
constexpr std::size_t largest_profile = std::size_t{1} << 20; // of tuned, included by another

// From paths to configurations.

constexpr auto boot_directories = std::to_array<std::string_view>(
    {"etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", "lib/sysctl.d"});

/// The module of each line of modules.builtin or modules.dep: "kernel/net/x-y.ko.xz:" is x_y.
std::set<std::string> modules_in(std::string_view text) {
    std::set<std::string> modules;
    for (const std::string_view line : base::split(text, '\n')) {
        std::string_view path = line.substr(0, line.find(':'));
        path.remove_prefix(path.rfind('/') + 1);
        std::string module(path.substr(0, path.find(".ko")));
        std::replace(module.begin(), module.end(), '-', '_');
        if (!module.empty()) {
            modules.insert(std::move(module));
        }
    }
    return modules;
}

/// Of the kernel `release` that an image has; none if it has none.
std::optional<ImageModules> modules_of(const Tree& tree, const std::string& release) {
    constexpr std::size_t most = std::size_t{8} << 20;
    for (const char* place : {"usr/lib/modules", "lib/modules"}) {
        const std::string directory = below(place, release);
        const auto built_in = tree.read(below(directory, "modules.builtin"), most);
        const auto loadable = tree.read(below(directory, "modules.dep"), most);
        if (release.empty() || !built_in || !loadable) {
            continue;
        }
        ImageModules modules{{}, modules_in(*built_in), modules_in(*loadable)};
        for (const std::string_view sysctls : boot_directories) {
            const std::string one = std::string(sysctls.substr(0, sysctls.rfind('/'))) + "/modules-load.d";
            const auto names = tree.list(one);
            for (const std::string& name : names ? *names : std::vector<std::string>()) {
                const auto text = tree.read(below(one, name), most);
                modules.load_files.emplace("/" + below(one, name), text ? *text : "");
            }
        }
        return modules;
    }
    return std::nullopt;
}

/// A profile of tuned under the name that is shown for it.
using Profile = std::optional<std::pair<std::string, SettingsText>>;

Profile profile_in(const snapshot::Reading<std::string>& content, const std::string& shown) {
    auto settings = content ? read_settings(*content, "") : base::Result<SettingsText>(base::Error{});
    return settings ? Profile({shown, std::move(*settings)}) : std::nullopt;
}

/// What the file says of sysctls in forms that are not read; none if nothing.
std::optional<Gap> not_understood(const std::string& shown, const SettingsText& settings) {
    if (settings.named_only.empty()) {
        return std::nullopt;
    }
    const NamedOnly& first = settings.named_only.front();
    return Gap{shown, Why::failed,
               fmt::format("{}:{} names {} in a form that is not read", shown, first.line,
                           base::printable(first.name))};
}

constexpr std::string_view forms_read = "; read are lines of sysctl.conf, sysctl -w NAME=VALUE, --sysctl "
                                        "NAME=VALUE, tuned and YAML: tcpadvisor(1), "
                                        "FILES OF A REPOSITORY";

/// Under the path where a boot would find it, with what may stand in it besides.
void place(PlacedFiles& files, const std::string& path, PlacedFile file) {
    if (auto gap = not_understood(file.shown, file.settings)) {
        files.emplace("/etc/sysctl.d/~.conf", PlacedFile{file.shown, {}, std::move(gap)});
    }
    files.emplace(path, std::move(file));
}

/// The lines of each network namespace that a text is about, in its order.
std::vector<SettingsText> hosts_in(SettingsText settings) {
    std::vector<SettingLine> lines = std::move(settings.lines);
    settings.lines.clear();
    std::vector<SettingsText> hosts;
    std::map<std::size_t, std::size_t> places;
    for (SettingLine& line : lines) {
        const auto place = places.emplace(line.host, hosts.size()).first->second;
        if (place == hosts.size()) {
            hosts.push_back(settings);
        }
        hosts[place].lines.push_back(std::move(line));
    }
    return hosts.empty() ? std::vector<SettingsText>{std::move(settings)} : hosts;
}

class Loader {
  public:
    base::Status add_root(const std::string& path) {
        const auto tree = Tree::open(path);
        if (!tree) {
            return tree.error();
        }
        Configuration configuration{path, {}, has_systemd(*tree), kernel_of(*tree), {}};
        for (const std::string_view directory : boot_directories) {
            add_directory(*tree, path, std::string(directory), configuration.files);
        }
        add_file(*tree, path, "etc/sysctl.conf", configuration.files);
        configuration.modules = modules_of(*tree, configuration.kernel);
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
            base::Status added = add_root(path);
            if (is_image(*tree)) {
                return added;
            }
            return added ? add_rest(*tree, path) : add_tree(*tree, path);
        }
        return add_tree(*tree, path);
    }

    std::vector<Configuration> take() { return std::move(configurations_); }
    std::vector<std::string> take_left_out() { return std::move(left_out_); }

  private:
    static bool has_systemd(const Tree& tree) {
        return tree.has("usr/lib/systemd/systemd-sysctl") || tree.has("lib/systemd/systemd-sysctl");
    }

    /// With programs, and not only what a repository would put into it.
    static bool is_image(const Tree& tree) {
        constexpr auto marks = std::to_array<const char*>(
            {"etc/passwd", "etc/os-release", "usr/lib/os-release", "usr/bin", "bin/sh"});
        return std::any_of(marks.begin(), marks.end(), [&](const char* mark) { return tree.has(mark); });
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

    /// `name` as for read_settings().
    void add_file(const Tree& tree, const std::string& root, const std::string& path, PlacedFiles& files,
                  std::string_view name = "") {
        auto content = tree.read(path, std::min(largest_settings, room_));
        if (!content && content.error().why == Why::absent) {
            return;
        }
        PlacedFile file{below(root, path), {}, {}};
        auto settings = content ? read_settings(*content, name) : base::Result<SettingsText>(SettingsText());
        if (!content || !settings) {
            file.unread = content ? Gap{file.shown, Why::failed, settings.error().what} : content.error();
            file.unread->what = file.shown;
        } else {
            file.settings = std::move(*settings);
            room_ -= content->size();
        }
        place(files, "/" + path, std::move(file));
    }

    /// A name that is there hides the same name elsewhere, even if it is a link to nowhere.
    void add_directory(const Tree& tree, const std::string& root, const std::string& directory,
                       PlacedFiles& files) {
        constexpr std::size_t most = 5001; // five directories, and a boot of the machine says when a thousand
        const auto names = tree.list(directory);
        if (!names && names.error().why != Why::absent) {
            files.emplace("/" + directory + "/unread.conf",
                          PlacedFile{below(root, directory), {}, names.error()});
        }
        for (std::size_t i = 0; names && i < names->size() && files.size() < most; ++i) {
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

    /// A profile of tuned by its name, if it can be read.
    using Profiles = std::function<Profile(const std::string&)>;

    /// A boot finds it as the only file, or as the last one after the profiles that it includes.
    base::Status add_one(const std::string& shown, SettingsText settings, const Profiles& profiles) {
        std::vector<SettingsText> hosts = hosts_in(std::move(settings));
        for (SettingsText& host : hosts) {
            const std::string label =
                hosts.size() == 1 ? shown : fmt::format("{}:{}", shown, host.lines.front().line);
            Configuration configuration{label, {}, false, host.kernel, {}};
            add_profiles(host.profiles, profiles, configuration);
            place(configuration.files, "/etc/sysctl.d/file.conf", PlacedFile{shown, std::move(host), {}});
            if (base::Status added = add(std::move(configuration)); !added) {
                return added;
            }
        }
        return base::Nothing{};
    }

    /// The last one first: it wins over those before it, and over what it includes itself.
    static void add_profiles(const std::vector<std::string>& names, const Profiles& profiles,
                             Configuration& to) {
        constexpr std::size_t most = 50; // in a circle, for example
        for (auto name = names.rbegin(); name != names.rend() && to.open.size() < most; ++name) {
            const bool is_name = name->find('/') == std::string::npos;
            auto found = is_name && to.files.size() < most ? profiles(*name) : std::nullopt;
            if (!found) {
                to.open.push_back(
                    {"the profile " + base::printable(*name), Why::not_collected, "included, and not read"});
                continue;
            }
            const std::vector<std::string> inner = found->second.profiles;
            to.files.emplace(fmt::format("/usr/lib/sysctl.d/{}.conf", 99 - to.files.size()),
                             PlacedFile{std::move(found->first), std::move(found->second), {}});
            add_profiles(inner, profiles, to);
        }
    }

    base::Status add_single(const std::string& path) {
        auto content = read_source(path, largest_settings);
        if (!content) {
            return content.error();
        }
        auto settings = read_settings(std::move(*content), path);
        if (!settings) {
            return base::Error{path + ": " + settings.error().what};
        }
        if (settings->lines.empty() && settings->profiles.empty() && !settings->named_only.empty()) {
            return base::Error{not_understood(path, *settings)->detail + std::string(forms_read)};
        }
        const auto parent = std::filesystem::absolute(path).parent_path().parent_path();
        return add_one(path, std::move(*settings), [&](const std::string& name) {
            const std::string other = (parent / name / "tuned.conf").string();
            return profile_in(base::read_file(other, largest_profile), other);
        });
    }

    /// What a repository has besides the files that a boot would find in it.
    base::Status add_rest(const Tree& tree, const std::string& path) {
        std::set<std::string> known;
        for (const auto& [place, file] : configurations_.back().files) {
            known.insert(place);
        }
        return walk({tree, path, known}, "", 0);
    }

    /// A directory of a repository: its own files *.conf are one configuration, and so is what lies deeper,
    /// and each other file that names a sysctl.
    base::Status add_tree(const Tree& tree, const std::string& path) {
        const std::size_t before = configurations_.size();
        base::Status walked = walk({tree, path, {}}, "", 0);
        if (walked && configurations_.size() == before) {
            const std::string more = left_out_.empty() ? "" : "; left out: " + left_out_.front();
            return base::Error{path + ": no file in it sets a sysctl of the network" + more};
        }
        return walked;
    }

    struct Repository {
        const Tree& tree;
        const std::string& root;
        const std::set<std::string> known; // what is judged already, with a leading slash
    };

    base::Status walk(const Repository& from, const std::string& directory, int depth) {
        constexpr int deepest = 40;
        const std::string shown = directory.empty() ? from.root : below(from.root, directory);
        const auto names = from.tree.list(directory.empty() ? "." : directory, true);
        if (!names || depth > deepest) {
            return add_unread(names ? Gap{shown, Why::truncated, "too deep"} : names.error(), shown);
        }
        Configuration together{shown, {}, false, {}, {}};
        for (const std::string& name : *names) {
            const std::string path = below(directory, name);
            base::Status added = base::Nothing{};
            if (const auto inside = from.tree.list(path); inside || inside.error().why == Why::denied) {
                const bool is_left = is_version_control(name) || from.tree.is_link(path); // has its own place
                added = is_left ? added : walk(from, path, depth + 1);
            } else if (!from.known.contains("/" + path)) {
                added = add_file_of(from, path, name, together.files);
            }
            if (!added) {
                return added;
            }
        }
        return together.files.empty() ? base::Status(base::Nothing{}) : add(std::move(together));
    }

    base::Status add_file_of(const Repository& from, const std::string& path, const std::string& name,
                             PlacedFiles& together) {
        if (name == "tuned.conf" || name.ends_with(".yml") || name.ends_with(".yaml")) {
            return add_if_settings(from.tree, from.root, path);
        }
        if (name.ends_with(".conf") && !name.starts_with('.')) {
            add_if_conf(from.tree, from.root, path, name, together);
            return base::Nothing{};
        }
        return from.tree.is_link(path) ? base::Status(base::Nothing{}) : add_other(from, path, name);
    }

    /// Whatever it is called, as if it were named itself.
    base::Status add_other(const Repository& from, const std::string& path, const std::string& name) {
        constexpr std::size_t most = 100'000;
        const std::string shown = below(from.root, path);
        if (searched_files_ == most || to_search_ == 0) {
            return base::Error{shown + ": more files than are searched in one run: name fewer paths"};
        }
        const auto content = from.tree.read(path, std::min(largest_settings, to_search_));
        ++searched_files_;
        if (!content) {
            return unsearched(content.error(), shown);
        }
        to_search_ -= std::min(to_search_, content->size());
        const auto text = utf8_of_utf16(*content);
        const auto first = first_sysctl(text ? *text : *content);
        if (!first) {
            return base::Nothing{};
        }
        if (is_set_aside(name)) {
            left_out_.push_back(
                fmt::format("{}:{} names {}", shown, first->line, base::printable(first->name)));
            return base::Nothing{};
        }
        return add_if_settings(from.tree, from.root, path);
    }

    base::Status unsearched(const Gap& gap, const std::string& shown) {
        if (gap.why == Why::denied || (gap.why == Why::truncated && to_search_ < largest_settings)) {
            return add_unread(gap, shown);
        }
        if (gap.why != Why::absent) {
            left_out_.push_back(shown + ": " + gap.detail);
        }
        return base::Nothing{};
    }

    /// A configuration of which nothing is known.
    base::Status add_unread(Gap gap, const std::string& shown) {
        gap.what = shown;
        if (!gap.detail.starts_with(shown + ":")) {
            gap.detail = shown + ": " + gap.detail; // rules say nothing else of it
        }
        Configuration configuration{shown, {}, false, {}, {gap}};
        configuration.files.emplace("/etc/sysctl.d/file.conf", PlacedFile{shown, {}, std::move(gap)});
        return add(std::move(configuration));
    }

    /// Files of other things are no mistake.
    base::Status add_if_settings(const Tree& tree, const std::string& root, const std::string& path) {
        const auto content = tree.read(path, std::min(largest_settings, room_));
        if (!content) {
            return content.error().why == Why::absent ? base::Status(base::Nothing{})
                                                      : add_unread(content.error(), below(root, path));
        }
        auto settings = read_settings(*content, path);
        if (!settings) {
            return add_if_about(*content, settings.error(), below(root, path));
        }
        if (settings->lines.empty() && settings->profiles.empty()) {
            const auto gap = not_understood(below(root, path), *settings);
            return gap ? add_unread(*gap, below(root, path)) : base::Status(base::Nothing{});
        }
        room_ -= content->size();
        const std::filesystem::path own = std::filesystem::path(path).parent_path();
        return add_one(below(root, path), std::move(*settings), [&](const std::string& name) -> Profile {
            if (own.empty()) { // the directory of profiles is not in the tree
                return std::nullopt;
            }
            const std::string other = below(below(own.parent_path(), name), "tuned.conf");
            const auto text = tree.read(other, std::min(largest_profile, room_));
            room_ -= text ? text->size() : 0;
            return profile_in(text, below(root, other));
        });
    }

    /// A template, for example, that is no YAML yet.
    base::Status add_if_about(const std::string& content, const base::Error& error,
                              const std::string& shown) {
        const auto first = error.what != nothing_set ? first_sysctl(content) : std::nullopt;
        return !first ? base::Status(base::Nothing{})
                      : add_unread({"", Why::failed,
                                    fmt::format("{}:{} names {}, and the file was not read: {}", shown,
                                                first->line, base::printable(first->name), error.what)},
                                   shown);
    }

    /// In sysctl.d all are meant; elsewhere those with a setting.
    void add_if_conf(const Tree& tree, const std::string& root, const std::string& path,
                     const std::string& name, PlacedFiles& files) {
        PlacedFiles one;
        const std::size_t room = room_;
        const std::string parent = std::filesystem::absolute(below(root, path)).parent_path().filename();
        const bool is_own =
            name.find("sysctl") != std::string::npos || parent.find("sysctl") != std::string::npos;
        add_file(tree, root, path, one, is_own ? "" : name);
        const auto found = one.find("/" + path);
        if (found == one.end()) {
            return;
        }
        PlacedFile& file = found->second;
        const bool is_meant =
            is_own || !file.settings.named_only.empty() ||
            std::any_of(file.settings.lines.begin(), file.settings.lines.end(), [](const SettingLine& line) {
                return is_sysctl_name(assignment_in(line.text).first);
            });
        room_ = is_meant ? room_ : room;
        if (is_meant) {
            place(files, "/etc/sysctl.d/" + name, std::move(file));
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
    std::vector<std::string> left_out_;
    std::size_t searched_files_ = 0;
    std::size_t to_search_ = std::size_t{1} << 30; // in files that may be of anything
    std::size_t room_ = std::size_t{256} << 20;    // for the files of directories, all together
};

/// For people who want to see what is wrong with a line.
void keep_lines(const Configuration& configuration, Settings& settings) {
    for (const auto& [path, file] : configuration.files) {
        if (!file.settings.as_written.empty()) {
            settings.lines.emplace(file.shown, file.settings.as_written);
        }
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
    settings.left_out = loader.take_left_out();
    for (Configuration& configuration : loader.take()) {
        const std::string label = configuration.label;
        const auto told = kernel::parse_release(configuration.kernel);
        keep_lines(configuration, settings);
        settings.targets.push_back({label, 0,
                                    machine_of(std::move(configuration), asked  ? *asked
                                                                         : told ? *told
                                                                                : kernel::newest_release)});
    }
    return settings;
}

} // namespace replay

#include "replay/settings_machine.h"

#include "base/text.h"
#include "kernel/sysctl_files.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace replay {
namespace {

using base::Gap;
using base::Why;

/// The sysctls whose last assignment is filled in later, and where it stands.
using Unknown = std::map<std::string, Gap, std::less<>>;

class SettingsMachine : public kernel::Machine {
  public:
    SettingsMachine(Configuration configuration, kernel::Release release, Unknown unknown)
        : own_(std::move(configuration)), release_(release), unknown_(std::move(unknown)) {
        for (const auto& [path, file] : own_.files) {
            is_dump_ |= file.settings.is_dump;
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
        if (own_.modules) {
            if (const auto found = own_.modules->load_files.find(path);
                found != own_.modules->load_files.end()) {
                return found->second;
            }
            if (path.starts_with(module_root) && own_.modules->loadable.contains(module_in(path)) &&
                !own_.modules->built_in.contains(module_in(path))) {
                return std::string("live\n");
            }
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
        if (directory.starts_with(module_root)) {
            return own_.modules && own_.modules->built_in.contains(module_in(directory))
                       ? snapshot::Reading<std::vector<std::string>>(std::vector<std::string>())
                       : untold(directory);
        }
        std::vector<std::string> names;
        const auto add = [&](const std::string& path) {
            if (path.substr(0, path.rfind('/')) == directory) {
                names.push_back(path.substr(directory.size() + 1));
            }
        };
        for (const auto& [path, file] : own_.files) {
            add(path);
        }
        for (const auto& [path, text] : own_.modules ? own_.modules->load_files : Texts()) {
            add(path);
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
        provenance.has_modules = own_.modules.has_value();
        provenance.gaps = own_.open;
        for (const auto& [path, file] : own_.files) {
            if (!file.settings.named_only.empty()) {
                const NamedOnly& first = file.settings.named_only.front();
                provenance.gaps.push_back(
                    {base::printable(first.name), Why::failed,
                     fmt::format("{}:{} names it in a form that is not read", file.shown, first.line)});
            }
        }
        for (const auto& [name, gap] : unknown_) {
            provenance.gaps.push_back(gap);
        }
        return provenance;
    }
    double now() override { return 0; }

  private:
    using Texts = std::map<std::string, std::string>;
    static constexpr std::string_view module_root = "/sys/module/";

    static std::string module_in(const std::string& path) {
        return path.substr(module_root.size(), path.find('/', module_root.size()) - module_root.size());
    }

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
        if (boot_->late.contains(name)) {
            return untold(name);
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
        if (const auto variable = unknown_.find(name); variable != unknown_.end()) {
            return variable->second;
        }
        if (!own_.open.empty()) {
            return Gap{name, own_.open.front().why, complaint(own_.open.front())};
        }
        const auto usual = is_dump_ ? std::nullopt : kernel::default_of(info, release_);
        return usual ? snapshot::Reading<std::string>(*usual + '\n') : untold(name);
    }

    Configuration own_;
    kernel::Release release_;
    bool is_dump_ = false;
    Unknown unknown_;
    std::optional<snapshot::BootSysctls> boot_;
};

/// `configuration` as it stands would give these sysctls variables.
Unknown unknown_in(const Configuration& configuration, kernel::Release release) {
    SettingsMachine machine(configuration, release, {});
    std::vector<Gap> said;
    Unknown unknown;
    for (const auto& [name, value] : kernel::read_boot_sysctls(machine, said).values) {
        if (is_variable(value.value)) {
            unknown.emplace(name, Gap{name, Why::not_collected, value.origin + " gives it a variable"});
        }
    }
    return unknown;
}

/// Neither variables are for a boot, nor what they win over.
void hide(const Unknown& unknown, SettingsText& settings) {
    const auto is_known = [&](const auto& value) { return !unknown.contains(value.first); };
    std::erase_if(settings.lines, [&](const SettingLine& line) {
        if (line.is_variable || unknown.empty()) {
            return line.is_variable;
        }
        kernel::BootAssignments one;
        one.add_file(line.text, "");
        const auto values = one.result().values;
        return !values.empty() && std::none_of(values.begin(), values.end(), is_known);
    });
    for (const auto& [name, gap] : unknown) {
        settings.lines.push_back({"-" + name, 0, false}); // by no line with '*' either
    }
}

} // namespace

std::unique_ptr<kernel::Machine> machine_of(Configuration configuration, kernel::Release release) {
    Unknown unknown = unknown_in(configuration, release);
    for (auto& [path, file] : configuration.files) {
        hide(unknown, file.settings);
    }
    return std::make_unique<SettingsMachine>(std::move(configuration), release, std::move(unknown));
}

} // namespace replay

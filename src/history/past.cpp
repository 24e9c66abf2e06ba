#include "history/past.h"

#include "base/file.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace history {

namespace {

using Candidate = Keeper::Candidate;
using base::PrivateDirectory;

/// Not from an environment that somebody else may have made for a privileged program.
std::string variable(const char* name) {
    const char* value = ::secure_getenv(name);
    return value != nullptr ? value : "";
}

/// systemd gives a private directory, behind a link where the user is dynamic; of several the first.
std::string directory_of_service() {
    const std::string given = variable("STATE_DIRECTORY");
    const std::string first = given.substr(0, given.find(':'));
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(first.c_str(), nullptr), std::free);
    return real ? real.get() : first;
}

std::vector<Candidate> candidates(const Access& access) {
    const auto create = [&](PrivateDirectory::Create how) {
        return access.writes ? how : PrivateDirectory::Create::no;
    };
    if (access.directory) {
        return {{*access.directory, create(PrivateDirectory::Create::last), base::Links::none}};
    }
    if (const std::string given = directory_of_service(); given.starts_with('/')) {
        return {{given, create(PrivateDirectory::Create::last)}};
    }
    if (::geteuid() == 0) {
        return {{"/var/lib/tcpadvisor", create(PrivateDirectory::Create::last)}};
    }
    std::vector<Candidate> all;
    if (const std::string states = variable("XDG_STATE_HOME"); states.starts_with('/')) {
        all.push_back({states + "/tcpadvisor", create(PrivateDirectory::Create::with_parents)});
    } else if (const std::string home = variable("HOME"); home.starts_with('/')) {
        all.push_back({home + "/.local/state/tcpadvisor", create(PrivateDirectory::Create::with_parents)});
    }
    all.push_back(
        {fmt::format("/var/tmp/tcpadvisor-{}", ::geteuid()), create(PrivateDirectory::Create::last)});
    return all;
}

/// Without a number of its own a namespace has no past.
StateKey key_of(const snapshot::Host& host, const snapshot::Netns& netns) {
    if (!netns.cookie && netns.id == 0) {
        return {host.boot_id, ""};
    }
    return {host.boot_id,
            netns.cookie ? fmt::format("cookie {}", *netns.cookie) : fmt::format("inode {}", netns.id)};
}

/// Since when something has stood in the way of a directory, or since when it has been missing, in seconds
/// since the epoch.
std::optional<double> stands_since(std::filesystem::path path) {
    struct stat status {};
    struct statx birth {};
    if (::lstat(path.c_str(), &status) == 0) {
        const bool known = ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BTIME, &birth) == 0 &&
                           (birth.stx_mask & STATX_BTIME) != 0;
        return static_cast<double>(known ? birth.stx_btime.tv_sec : status.st_ctim.tv_sec);
    }
    while (path.has_relative_path()) {
        path = path.parent_path();
        if (::lstat(path.empty() ? "." : path.c_str(), &status) == 0) {
            return static_cast<double>(status.st_mtim.tv_sec); // no name was added since
        }
    }
    return std::nullopt;
}

} // namespace

Past::Past(const Access& access, const snapshot::Host& host) : time_(host.time) {
    history_.uptime = host.uptime.value_or(0);
    if (!access.none_because.empty()) {
        history_.unusable_because = access.none_because;
        return;
    }
    if (!host.uptime || host.boot_id.empty()) {
        give_up("nothing is known of the boot: /proc/uptime or boot_id cannot be read");
        return;
    }
    writes_ = access.writes;
    auto keeper = Keeper::open(candidates(access));
    if (!keeper) {
        if (writes_ || keeper.error().why != base::Why::absent) {
            if (writes_) {
                note_loss(stands_since(keeper.error().what));
            }
            give_up(base::complaint(keeper.error()));
        }
        return;
    }
    keeper_.emplace(std::move(*keeper));
    for (const snapshot::Netns& netns : host.namespaces) {
        keys_.push_back(key_of(host, netns));
    }
    load();
    if (const base::Status writable = keeper_->writable(); writes_ && !writable) {
        not_kept(writable.error().what);
    }
}

void Past::load() {
    for (const StateKey& key : keys_) {
        auto state =
            key.netns.empty() ? base::Result<SavedState, base::Gap>(SavedState()) : keeper_->load(key);
        if (!state && state.error().why != base::Why::absent) {
            remarks_.push_back("earlier runs are not used: " + base::complaint(state.error()));
        }
        SavedState known = state ? std::move(*state) : SavedState();
        history_.namespaces.push_back(std::move(known.netns));
        memories_.push_back(std::move(known.memory));
    }
}

void Past::give_up(const std::string& why) {
    history_.unusable_because = "no history: " + why;
    (writes_ ? notices_ : remarks_).push_back(history_.unusable_because);
    writes_ = false;
}

void Past::not_kept(const std::string& why) {
    writes_ = false;
    notices_.push_back("this run is not kept: " + why);
    std::optional<double> last;
    for (const StateKey& key : keys_) {
        const auto kept = keeper_->last_kept(key);
        last = kept && (!last || *kept > *last) ? kept : last;
    }
    note_loss(last ? last : stands_since(keeper_->path()));
}

/// Nothing from before this boot could be used anyway.
void Past::note_loss(std::optional<double> since) {
    constexpr double a_day = 86400;
    history_.lost_for_long = since && std::min(time_ - *since, history_.uptime) > a_day;
}

void Past::add_look(std::vector<Sample> samples, double seconds) {
    history_.namespaces.resize(samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
        history_.namespaces[i].samples.push_back(std::move(samples[i]));
    }
    history_.looked_twice = seconds;
}

void Past::prove_ages(snapshot::Host& host) const {
    for (std::size_t i = 0; i < history_.namespaces.size(); ++i) {
        if (const auto& waiting = history_.namespaces[i].waiting) {
            host.namespaces[i].sockets.prove_ages(*waiting, history_.uptime);
        }
    }
}

Recall* Past::recall() {
    if (!keeper_) {
        return nullptr;
    }
    const bool first = !recall_;
    recall_.emplace(memories_, history_.uptime, time_, writes_ && first ? Remembers::yes : Remembers::no);
    return &*recall_;
}

bool Past::keep(const snapshot::Host& host, const std::function<Sample(std::size_t)>& sample_of,
                double patience) {
    if (!writes_ || !recall_) {
        return true;
    }
    std::vector<Update> updates;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        const snapshot::Netns& netns = host.namespaces[i];
        if (keys_[i].netns.empty()) {
            continue;
        }
        updates.push_back(
            {keys_[i], sample_of(i), netns.sockets.waiting(history_.uptime), recall_->updates()[i]});
        updates.back().waiting.complete &= !netns.incomplete_sockets().has_value();
    }
    const base::Status saved = keeper_->save(updates, patience);
    if (!saved) {
        not_kept(saved.error().what);
    }
    return saved.has_value();
}

} // namespace history

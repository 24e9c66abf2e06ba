// A thread that enters network namespaces on behalf of others, one piece of work at a time. setns() with a
// network namespace moves only the calling thread, and /proc/sys/net and /proc/thread-self/net follow it.
#pragma once

#include "base/gap.h"
#include "base/result.h"
#include "kernel/live.h"
#include "kernel/machine.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace kernel {

class Visitor {
  public:
    Visitor() = default;
    ~Visitor();
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;

    /// Runs `work` in the namespace of the descriptor and waits for it; a gap if the namespace could not be
    /// entered.
    std::optional<base::Gap> visit(int namespace_descriptor, const std::function<void()>& work);

  private:
    void serve();
    void enter_and_work();

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr; // null when there is nothing to do
    int wanted_ = -1;
    int entered_ = -1;
    bool stop_ = false;
    std::optional<base::Gap> refused_;
    std::thread thread_; // last, so that everything that it uses exists
};

// Which network namespaces a run looks at, and machines that work inside of them. The process itself never
// changes its namespace: a thread of its own does.

struct Where {
    enum class Kind { here, named, process, all };
    Kind kind = Kind::here;
    std::string name; // `named`: below /run/netns, or a path if it has a slash
    pid_t pid = 0;    // `process`
};

constexpr std::string_view here_label = "this namespace";

/// One place, or all that the host has. An error if the one that was asked for cannot be entered; of `all`,
/// one that cannot be entered is a place whose every answer is a gap. Nothing is read after the deadline.
base::Result<std::vector<Place>> open_places(const Where& where, Deadline deadline);

} // namespace kernel

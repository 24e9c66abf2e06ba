// A thread that enters network namespaces on behalf of others, one piece of work at a time. setns() with a
// network namespace moves only the calling thread, and /proc/sys/net and /proc/thread-self/net follow it.
#pragma once

#include "base/gap.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

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

} // namespace kernel

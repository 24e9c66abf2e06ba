// How a process looks into network namespaces without leaving its own: a thread that enters them, and
// machines that do their work there. Knows nothing of which namespaces there are.
#pragma once

#include "base/descriptor.h"
#include "base/gap.h"
#include "kernel/live.h"
#include "kernel/sock_diag.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kernel {

/// The inode of a namespace file; 0 if it cannot be seen.
std::uint64_t number_of(const std::string& path);

/// A network namespace that is closed, because a host may have more of them than a process may have files.
struct ClosedNetns {
    std::uint64_t number = 0;       // of its file
    std::vector<std::string> paths; // any of them leads to it as long as it lives
};

/// The system error of a path into a process, or to a name, that is gone.
bool has_ended(int error);

/// An open namespace file.
class Door {
  public:
    /// Opens nothing else: other users choose what a path of theirs leads to, and opening a device may do
    /// something.
    explicit Door(const std::string& path);

    int descriptor() const { return file_.number(); }
    /// 0, or the system error; EINVAL if the file is no network namespace.
    int error() const { return error_; }
    std::uint64_t number() const;
    /// In words; empty if there is none.
    std::string problem() const;

  private:
    base::Descriptor file_{-1};
    int error_ = 0;
};

/// A thread that enters network namespaces on behalf of others, one piece of work at a time. setns() with a
/// network namespace moves only the calling thread, and /proc/sys/net and /proc/thread-self/net follow it.
class Visitor {
  public:
    Visitor() = default;
    ~Visitor();
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;

    /// Runs `work` in the namespace and waits for it. 0, ENOENT if the namespace has ended, or the system
    /// error that kept the thread out. Work may ask for a visit itself.
    int visit(const ClosedNetns& netns, const std::function<void()>& work);

  private:
    void serve();
    int enter_and_work(const ClosedNetns& netns, const std::function<void()>& work);

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr; // null when there is nothing to do
    const ClosedNetns* wanted_ = nullptr;
    std::uint64_t entered_ = 0; // its number: nobody else gets it as long as the thread is inside
    bool stop_ = false;
    int refused_ = 0;
    std::thread thread_; // last, so that everything that it uses exists
};

/// Why a namespace could not be entered, by the system error; ENOENT: it has ended.
base::Gap no_entry(int error);

/// Does the work of a live machine in another namespace.
std::unique_ptr<SockDiagMachine> visiting_machine(std::shared_ptr<Visitor> visitor, ClosedNetns netns,
                                                  Deadline deadline);

/// Of a namespace that could not be opened: every answer is this gap.
std::unique_ptr<SockDiagMachine> closed_machine(base::Gap gap);

} // namespace kernel

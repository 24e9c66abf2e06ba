#include "kernel/visitor.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <sched.h>

namespace kernel {
namespace {

base::Gap no_entry(int error) {
    const bool denied = error == EPERM || error == EACCES;
    return {"the network namespace", denied ? base::Why::denied : base::Why::failed,
            std::string(std::strerror(error)) + (denied ? ", needs CAP_SYS_ADMIN" : "")};
}

} // namespace

Visitor::~Visitor() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::optional<base::Gap> Visitor::visit(int namespace_descriptor, const std::function<void()>& work) {
    std::unique_lock lock(mutex_);
    if (!thread_.joinable()) {
        try {
            thread_ = std::thread([this] { serve(); });
        } catch (const std::system_error& error) {
            return no_entry(error.code().value());
        }
    }
    wanted_ = namespace_descriptor;
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [this] { return work_ == nullptr; });
    return refused_;
}

void Visitor::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stop_ || work_ != nullptr; });
        if (stop_) {
            return;
        }
        enter_and_work();
        work_ = nullptr;
        changed_.notify_all();
    }
}

void Visitor::enter_and_work() {
    refused_.reset();
    if (entered_ != wanted_) {
        if (::setns(wanted_, CLONE_NEWNET) != 0) {
            refused_ = no_entry(errno);
            return;
        }
        entered_ = wanted_;
    }
    (*work_)();
}

} // namespace kernel

#include "kernel/privileges.h"

#include <array>
#include <memory>

#include <sys/auxv.h>
#include <sys/capability.h>
#include <unistd.h>

namespace kernel {
namespace {

constexpr std::array<cap_value_t, 2> for_scan = {CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};

using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)>;

Capabilities state_now() {
    return {::cap_get_proc(), ::cap_free};
}

bool has(cap_t state, cap_value_t capability, cap_flag_t set) {
    cap_flag_value_t value = CAP_CLEAR;
    return ::cap_get_flag(state, capability, set, &value) == 0 && value == CAP_SET;
}

/// Succeeds only for what is permitted.
bool set_effective(cap_flag_value_t value) {
    const Capabilities state = state_now();
    return state &&
           ::cap_set_flag(state.get(), CAP_EFFECTIVE, for_scan.size(), for_scan.data(), value) == 0 &&
           ::cap_set_proc(state.get()) == 0;
}

/// Permitted but not effective: the mark of a file's capabilities, which wait for the scan.
bool waits_for_scan() {
    const Capabilities state = state_now();
    for (const cap_value_t capability : for_scan) {
        if (!state || !has(state.get(), capability, CAP_PERMITTED) ||
            has(state.get(), capability, CAP_EFFECTIVE)) {
            return false;
        }
    }
    return true;
}

} // namespace

bool is_privileged() {
    if (::geteuid() == 0 || ::getauxval(AT_SECURE) != 0) {
        return true;
    }
    const Capabilities state = state_now();
    const Capabilities none(::cap_init(), ::cap_free);
    // what could only be handed on to other programs (inheritable) gives this one nothing
    return !state || !none || CAP_DIFFERS(::cap_compare(state.get(), none.get()), CAP_PERMITTED);
}

bool sees_all_processes() {
    const Capabilities state = state_now();
    return state && has(state.get(), CAP_SYS_PTRACE, CAP_EFFECTIVE);
}

RaisedCapabilities::RaisedCapabilities() : raised_(waits_for_scan() && set_effective(CAP_SET)) {}

RaisedCapabilities::~RaisedCapabilities() {
    if (raised_) {
        set_effective(CAP_CLEAR);
    }
}

void give_up_capabilities() {
    if (::geteuid() == 0) {
        return;
    }
    if (const Capabilities none(::cap_init(), ::cap_free); none) {
        ::cap_set_proc(none.get());
    }
}

} // namespace kernel

// The capabilities that an administrator may have given to the program, so that it can name the processes of
// other users: raised around that one scan, lowered after it, and given up for good when there is nothing
// more to look at. Knows what they are, not what is looked at.
#pragma once

namespace kernel {

/// Runs as root, or with capabilities or an identity that its user does not have.
bool is_privileged();

/// CAP_SYS_PTRACE is effective in this thread: /proc hides no process from it.
bool sees_all_processes();

/// CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are effective in this thread while the object lives, if they are
/// permitted to it (`setcap cap_sys_ptrace,cap_dac_read_search=p`); else nothing changes.
class RaisedCapabilities {
  public:
    RaisedCapabilities();
    RaisedCapabilities(const RaisedCapabilities&) = delete;
    RaisedCapabilities& operator=(const RaisedCapabilities&) = delete;
    ~RaisedCapabilities();

  private:
    bool raised_;
};

/// This thread can never raise any capability again. Root keeps its own.
void give_up_capabilities();

} // namespace kernel

// Owns a file descriptor.
#pragma once

#include <utility>

#include <unistd.h>

namespace base {

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }

    /// Negative if there is none.
    int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }
    /// Closes now and tells whether the data reached the file system.
    bool close() { return ::close(release()) == 0; }

  private:
    int number_;
};

} // namespace base

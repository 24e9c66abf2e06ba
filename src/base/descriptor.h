// The owner of a file descriptor.
#pragma once

#include <unistd.h>
#include <utility>

namespace base {

/// Owns a file descriptor.
class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }

    explicit operator bool() const { return number_ >= 0; }
    /// Negative if there is none.
    int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }
    /// Closes now and tells whether the data reached the file system.
    bool close() { return ::close(release()) == 0; }

  private:
    int number_;
};

} // namespace base

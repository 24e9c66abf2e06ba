// A directory of a test's own. Knows nothing of what is tested.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tests {

/// Made empty, and gone with the object.
class Scratch {
  public:
    Scratch() {
        if (::mkdtemp(path_.data()) == nullptr) {
            throw std::runtime_error("cannot make " + path_);
        }
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }
    /// Makes the directories on the way.
    void write(const std::string& name, std::string_view content) const {
        const std::filesystem::path written = file(name);
        std::filesystem::create_directories(written.parent_path());
        std::ofstream(written) << content;
    }

  private:
    std::string path_ = (std::filesystem::temp_directory_path() / "tcpadvisor-test-XXXXXX").string();
};

} // namespace tests

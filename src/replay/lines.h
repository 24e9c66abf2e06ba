// The lines of a text as somebody pasted it: colours, the marks of a quoted mail, ends of lines of Windows
// and UTF-16 are taken away. Knows no tool.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace replay {

/// The content of a file, kept as long as somebody reads it.
struct Text {
    std::shared_ptr<const std::string> owner;
    std::string_view bytes; // within the owner
    std::size_t first_line = 1;

    explicit Text(std::string content)
        : owner(std::make_shared<const std::string>(std::move(content))), bytes(*owner) {}
};

/// UTF-8 of what PowerShell and Windows write: UTF-16 with its mark. None if it is not UTF-16.
std::optional<std::string> utf8_of_utf16(std::string_view content);

class Lines {
  public:
    explicit Lines(std::string_view text);

    /// The next line without its end; valid until the next call. False at the end.
    bool next(std::string_view& line);
    /// Where that line begins in the text, and its number, counted from 1.
    std::size_t offset() const { return offset_; }
    std::size_t number() const { return number_; }
    /// Did the last line end at all?
    bool ended() const { return ended_; }
    /// Goes on with the line that begins there.
    void go_to(std::size_t offset, std::size_t number);

  private:
    std::string_view cleaned(std::string_view line);

    std::string_view text_;
    std::size_t next_ = 0;
    std::size_t offset_ = 0;
    std::size_t number_ = 0;
    bool ended_ = true;
    bool coloured_;
    std::string scratch_;
};

} // namespace replay

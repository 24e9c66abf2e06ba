// Aligned tables: numbers to the right, words to the left, widths in characters and not in bytes. Cells must
// be safe for a terminal already.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

namespace render {

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

class Table {
  public:
    explicit Table(std::vector<Column> columns);

    /// One cell for each column.
    void add_row(std::vector<std::string> cells);

    /// The title line and a line for each row, columns two spaces apart, no spaces at line ends.
    std::vector<std::string> lines() const;

    void write(std::ostream& out) const;

    /// Columns of the widest line possible.
    std::size_t width() const;

  private:
    std::vector<std::size_t> widths() const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace render

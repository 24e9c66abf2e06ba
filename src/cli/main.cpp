#include "cli/program.h"

#include <string>
#include <vector>

int main(int argc, char** argv) {
    return cli::run(std::vector<std::string>(argv, argv + argc));
}

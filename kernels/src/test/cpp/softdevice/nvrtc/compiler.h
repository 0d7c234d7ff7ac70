// Compiles CUDA C++ for the software device, by the C++ compiler of this machine.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace crane::soft {

struct Source {
    std::string name, text;
    std::vector<std::pair<std::string, std::string>> headers; // name, text
};

struct Compiled {
    bool ok = false;
    std::string image, log;
};

// `options` are for the compiler already, such as -DX=1.
Compiled compile(const Source &source, const std::vector<std::string> &options);

} // namespace crane::soft

#include "compiler.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../device/module.h"
#include "kernel_scan.h"

extern char **environ;

namespace crane::soft {

namespace {

// A folder that is gone when this is.
class TemporaryFolder {
public:
    TemporaryFolder() {
        const char *base = getenv("TMPDIR");
        path = std::string(base && *base ? base : "/tmp") + "/crane-soft-device-XXXXXX";
        if (!mkdtemp(path.data()))
            path.clear();
    }
    ~TemporaryFolder() {
        for (auto it = made.rbegin(); it != made.rend(); ++it)
            remove(it->c_str());
        if (!path.empty())
            rmdir(path.c_str());
    }
    std::string path;

    // A file in it; folders on the way are made.
    std::string file(const std::string &name) {
        for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
            if (mkdir((path + "/" + name.substr(0, slash)).c_str(), 0700) == 0)
                made.push_back(path + "/" + name.substr(0, slash));
        made.push_back(path + "/" + name);
        return made.back();
    }

private:
    std::vector<std::string> made;
};

void write(const std::string &file, const std::string &text) { std::ofstream(file, std::ios::binary) << text; }

std::string read(const std::string &file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

// Runs a program with its errors going to a file; true if it succeeded.
bool run(const std::vector<std::string> &command, const std::string &errors) {
    std::vector<char *> arguments;
    for (const std::string &word : command)
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t child;
    int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        write(errors, command[0] + ": " + strerror(failed) + "\n");
        return false;
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Where this library lies; the headers are beside it.
std::string home() {
    Dl_info info;
    dladdr(reinterpret_cast<void *>(&home), &info);
    std::string file = info.dli_fname;
    return file.substr(0, file.rfind('/'));
}

std::string hash(const std::string &text) { // FNV-1a, twice, over the text and its end first
    unsigned long long a = 0xcbf29ce484222325, b = a;
    for (size_t i = 0; i < text.size(); i++) {
        a = (a ^ static_cast<unsigned char>(text[i])) * 0x100000001b3;
        b = (b ^ static_cast<unsigned char>(text[text.size() - 1 - i])) * 0x100000001b3;
    }
    char hex[40];
    snprintf(hex, sizeof hex, "%016llx%016llx", a, b);
    return hex;
}

std::string replaceAll(std::string text, const std::string &what, const std::string &by) {
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

std::vector<std::string> words(const char *list) {
    std::istringstream in(list);
    std::vector<std::string> result;
    for (std::string word; in >> word;)
        result.push_back(word);
    return result;
}

std::string registration(const std::vector<ScannedKernel> &kernels) {
    std::string text =
            "\n# 1 \"the end of the source\"\n"
            "extern char __bss_start[] __attribute__((visibility(\"hidden\"))), _end[] __attribute__((visibility(\"hidden\")));\n"
            "static const CraneSoftKernel crane_soft_kernels[] = {\n";
    for (const ScannedKernel &kernel : kernels) {
        std::string entry = "CraneSoftEntry<&" + kernel.name + ">";
        text += "{\"" + kernel.name + "\", " + entry + "::invoke, " + entry + "::parameters.parameter, " + entry + "::count, " + entry
                + "::parameters.bytes, (unsigned)(" + kernel.maxThreads + ")},\n";
    }
    return text + "{}};\nextern \"C\" {\n__attribute__((visibility(\"default\"))) CraneSoftModule crane_soft_module = {"
            + std::to_string(CRANE_SOFT_ABI) + "ull, &crane_soft_link, __bss_start, _end, crane_soft_kernels, "
            + std::to_string(kernels.size()) + "};\n}\n";
}

} // namespace

Compiled compile(const Source &source, const std::vector<std::string> &options) {
    Compiled result;
    TemporaryFolder folder;
    if (folder.path.empty()) {
        result.log = "no temporary folder can be made";
        return result;
    }
    std::string errors = folder.file("errors");
    write(folder.file("program.cu"), "# 1 \"" + source.name + "\"\n" + source.text);
    for (auto &header : source.headers)
        write(folder.file("headers/" + header.first), header.second);
    std::vector<std::string> common = words(CRANE_SOFT_CXX);
    common.insert(common.end(), {"-x", "c++", "-std=c++20"});

    std::vector<std::string> first = common;
    first.insert(first.end(), options.begin(), options.end());
    first.insert(first.end(),
            {"-E", "-I" + folder.path + "/headers", "-I" + home() + "/include", "-include", "crane_soft_device.h",
                    folder.path + "/program.cu", "-o", folder.file("preprocessed")});
    auto log = [&] {
        std::string text = read(errors);
        text = replaceAll(text, folder.path + "/headers/", "");
        text = replaceAll(text, folder.path + "/program.cu", source.name);
        return replaceAll(text, "In file included from <command-line>:\n", "");
    };
    if (!run(first, errors)) {
        result.log = log();
        return result;
    }
    // Lines say where they come from; the name of the temporary folder must not get into what is compiled, so that the same source gives
    // the same image.
    Scan scan = scanKernels(replaceAll(read(folder.path + "/preprocessed"), folder.path + "/headers/", ""));
    std::string text = scan.text + registration(scan.kernels);

    std::string cached = home() + "/cache/" + hash(CRANE_SOFT_CXX CRANE_SOFT_KERNEL_FLAGS + text) + ".image";
    result.image = read(cached);
    if (!result.image.empty()) {
        result.ok = true;
        return result;
    }
    write(folder.file("kernels.cpp"), text);
    std::vector<std::string> second = common;
    for (const std::string &flag : words(CRANE_SOFT_KERNEL_FLAGS))
        second.push_back(flag);
    second.insert(second.end(), {"-c", folder.path + "/kernels.cpp", "-o", folder.file("kernels.o")});
    std::vector<std::string> third =
            words(CRANE_SOFT_CXX " " CRANE_SOFT_LINK_FLAGS); // apart, lest checks that were compiled in bring their libraries
    third.insert(third.end(), {"-shared", "-nostartfiles", folder.path + "/kernels.o", "-o", folder.file("kernels.so"), "-lm"});
    result.ok = run(second, errors);
    result.log = log();
    if (result.ok && !run(third, errors)) {
        result.ok = false;
        result.log += log();
    }
    if (!result.ok)
        return result;
    std::string library = read(folder.path + "/kernels.so");
    ImageHeader header;
    memcpy(header.magic, ImageHeader::MAGIC, sizeof header.magic);
    header.bytes = library.size();
    result.image = std::string(reinterpret_cast<char *>(&header), sizeof header) + library;

    mkdir((home() + "/cache").c_str(), 0777);
    std::string fresh = cached + "." + folder.path.substr(folder.path.size() - 6); // unique; renamed when it is whole
    write(fresh, result.image);
    rename(fresh.c_str(), cached.c_str());
    return result;
}

} // namespace crane::soft

#include "module.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../driver/abi.h"

namespace crane::soft {

static constexpr unsigned DEFAULT_SHARED_BYTES = 48 << 10;

// Each copy comes from a file of its own, and keeps it open, since the loader takes the same name or the same file for the same library.
Module::Copy Module::open(std::string &why) {
    Copy copy;
    int file = memfd_create("crane_soft_module", MFD_CLOEXEC);
    bool written = file >= 0;
    for (size_t at = 0; written && at < image.size();) {
        ssize_t n = write(file, image.data() + at, image.size() - at);
        written = n > 0;
        at += static_cast<size_t>(n);
    }
    if (written) {
        std::string path = "/proc/self/fd/" + std::to_string(file);
        copy.library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    }
    if (!copy.library)
        why = written ? dlerror() : "no memory for the image";
    else
        copy.module = static_cast<const CraneSoftModule *>(dlsym(copy.library, "crane_soft_module"));
    copy.file = file;
    return copy;
}

int Module::load(const void *image, std::unique_ptr<Module> &result, std::string &why) {
    ImageHeader header;
    memcpy(&header.magic, image, sizeof header.magic); // a text may be no longer
    if (memcmp(header.magic, ImageHeader::MAGIC, sizeof header.magic)) {
        why = "the image is for another device";
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    memcpy(&header, image, sizeof header);
    auto module = std::make_unique<Module>();
    module->image.assign(static_cast<const char *>(image) + sizeof header, header.bytes);
    Copy first = module->open(why);
    module->copies.push_back(first);
    if (!first.library || !first.module)
        return CUDA_ERROR_INVALID_IMAGE;
    if (first.module->abi != CRANE_SOFT_ABI) {
        why = "the image was compiled for another version of the software device";
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    for (unsigned i = 0; i < first.module->kernelCount; i++) {
        auto bytes = static_cast<unsigned>(first.module->sharedEnd - first.module->sharedBegin);
        unsigned fixed =
                bytes < DEFAULT_SHARED_BYTES ? bytes : DEFAULT_SHARED_BYTES; // of all kernels of the module together: an upper bound
        module->functions.push_back(std::make_unique<Function>(
                Function{module.get(), &first.module->kernels[i], fixed, static_cast<int>(DEFAULT_SHARED_BYTES - fixed)}));
    }
    result = std::move(module);
    return CUDA_SUCCESS;
}

const CraneSoftModule &Module::of(unsigned worker) {
    while (copies.size() <= worker) {
        std::string why;
        Copy copy = open(why);
        if (!copy.module)
            abort(); // the same bytes were loaded before
        copies.push_back(copy);
    }
    return *copies[worker].module;
}

Module::~Module() {
    for (Copy &copy : copies) {
        if (copy.library)
            dlclose(copy.library);
        if (copy.file >= 0)
            close(copy.file);
    }
}

} // namespace crane::soft

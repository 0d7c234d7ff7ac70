// The calls of NVRTC 13. A program's "cubin" is an image for the software device.
#include <cstring>
#include <string>
#include <vector>

#include "../driver/abi.h"
#include "compiler.h"

using namespace crane::soft;

enum nvrtcResult {
    NVRTC_SUCCESS,
    NVRTC_ERROR_OUT_OF_MEMORY,
    NVRTC_ERROR_PROGRAM_CREATION_FAILURE,
    NVRTC_ERROR_INVALID_INPUT,
    NVRTC_ERROR_INVALID_PROGRAM,
    NVRTC_ERROR_INVALID_OPTION,
    NVRTC_ERROR_COMPILATION,
    NVRTC_ERROR_BUILTIN_OPERATION_FAILURE,
    NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION,
    NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION,
    NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID,
    NVRTC_ERROR_INTERNAL_ERROR,
    NVRTC_RESULTS
};

struct Program {
    Source source;
    Compiled compiled;
    bool cubin = false;
};

static const int ARCHITECTURES[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};

CRANE_SOFT_API const char *nvrtcGetErrorString(int result) {
    static const char *const NAMES[NVRTC_RESULTS] = {
            "NVRTC_SUCCESS",
            "NVRTC_ERROR_OUT_OF_MEMORY",
            "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
            "NVRTC_ERROR_INVALID_INPUT",
            "NVRTC_ERROR_INVALID_PROGRAM",
            "NVRTC_ERROR_INVALID_OPTION",
            "NVRTC_ERROR_COMPILATION",
            "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE",
            "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION",
            "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION",
            "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID",
            "NVRTC_ERROR_INTERNAL_ERROR",
    };
    return result >= 0 && result < NVRTC_RESULTS ? NAMES[result] : "NVRTC_ERROR unknown";
}

CRANE_SOFT_API int nvrtcVersion(int *major, int *minor) {
    *major = 13;
    *minor = 0;
    return NVRTC_SUCCESS;
}

CRANE_SOFT_API int nvrtcGetNumSupportedArchs(int *count) {
    *count = sizeof ARCHITECTURES / sizeof *ARCHITECTURES;
    return NVRTC_SUCCESS;
}

CRANE_SOFT_API int nvrtcGetSupportedArchs(int *architectures) {
    memcpy(architectures, ARCHITECTURES, sizeof ARCHITECTURES);
    return NVRTC_SUCCESS;
}

CRANE_SOFT_API int nvrtcCreateProgram(
        Program **result, const char *source, const char *name, int headerCount, const char *const *headers, const char *const *names) {
    if (!result || !source || headerCount < 0 || (headerCount && (!headers || !names)))
        return NVRTC_ERROR_INVALID_INPUT;
    Program *program = new Program;
    program->source.text = source;
    program->source.name = name && *name ? name : "default_program";
    for (int i = 0; i < headerCount; i++)
        program->source.headers.emplace_back(names[i], headers[i]);
    *result = program;
    return NVRTC_SUCCESS;
}

CRANE_SOFT_API int nvrtcDestroyProgram(Program **program) {
    if (!program || !*program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    delete *program;
    *program = nullptr;
    return NVRTC_SUCCESS;
}

static bool startsWith(const std::string &text, const char *with) { return text.compare(0, strlen(with), with) == 0; }

// The value of "--long=value", "-short=value" or "-shortvalue".
static bool valueOf(const std::string &option, const std::vector<const char *> &names, std::string &value) {
    for (const char *name : names)
        if (startsWith(option, name)) {
            value = option.substr(strlen(name));
            if (startsWith(value, "="))
                value.erase(0, 1);
            return true;
        }
    return false;
}

CRANE_SOFT_API int nvrtcCompileProgram(Program *program, int count, const char *const *options) {
    if (!program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    std::vector<std::string> mine{"-D__CUDA_ARCH__=900"};
    program->cubin = false;
    for (int i = 0; i < count; i++) {
        std::string option = options[i], value;
        if (valueOf(option, {"--gpu-architecture", "-arch"}, value)) {
            program->cubin = startsWith(value, "sm_"); // compute_ gives PTX alone
        } else if (valueOf(option, {"--define-macro", "-D"}, value)) {
            mine.push_back("-D" + value);
        } else if (valueOf(option, {"--undefine-macro", "-U"}, value)) {
            mine.push_back("-U" + value);
        } else if (valueOf(option, {"--include-path", "-I"}, value)) {
            mine.push_back("-I" + value);
        } else if (!valueOf(option,
                           {"--std", "-std", "--use_fast_math", "-use_fast_math", "--fmad", "-fmad", "--generate-line-info", "-lineinfo",
                                   "--default-device", "-default-device", "--restrict", "-restrict", "--extra-device-vectorization",
                                   "--maxrregcount", "-maxrregcount", "--device-debug", "-G", "--ftz", "--prec-div", "--prec-sqrt",
                                   "--disable-warnings", "-w", "--diag-suppress", "--ptxas-options", "-Xptxas", "--minimal",
                                   "--device-int128", "--dopt"},
                           value)) {
            program->compiled = {};
            program->compiled.log = "unrecognized option " + option + " found";
            return NVRTC_ERROR_INVALID_OPTION;
        }
    }
    program->compiled = compile(program->source, mine);
    return program->compiled.ok ? NVRTC_SUCCESS : NVRTC_ERROR_COMPILATION;
}

CRANE_SOFT_API int nvrtcGetProgramLogSize(Program *program, size_t *bytes) {
    if (!program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    *bytes = program->compiled.log.size() + 1;
    return NVRTC_SUCCESS;
}

CRANE_SOFT_API int nvrtcGetProgramLog(Program *program, char *log) {
    if (!program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    memcpy(log, program->compiled.log.c_str(), program->compiled.log.size() + 1);
    return NVRTC_SUCCESS;
}

CRANE_SOFT_API int nvrtcGetCUBINSize(Program *program, size_t *bytes) {
    if (!program || !program->compiled.ok)
        return NVRTC_ERROR_INVALID_PROGRAM;
    *bytes = program->cubin ? program->compiled.image.size() : 0;
    return NVRTC_SUCCESS;
}

CRANE_SOFT_API int nvrtcGetCUBIN(Program *program, char *cubin) {
    if (!program || !program->compiled.ok || !program->cubin)
        return NVRTC_ERROR_INVALID_PROGRAM;
    memcpy(cubin, program->compiled.image.data(), program->compiled.image.size());
    return NVRTC_SUCCESS;
}

static constexpr char PTX[] = "// the software device has no PTX\n";

CRANE_SOFT_API int nvrtcGetPTXSize(Program *program, size_t *bytes) {
    if (!program || !program->compiled.ok)
        return NVRTC_ERROR_INVALID_PROGRAM;
    *bytes = sizeof PTX;
    return NVRTC_SUCCESS;
}

CRANE_SOFT_API int nvrtcGetPTX(Program *program, char *ptx) {
    if (!program || !program->compiled.ok)
        return NVRTC_ERROR_INVALID_PROGRAM;
    memcpy(ptx, PTX, sizeof PTX);
    return NVRTC_SUCCESS;
}

// Kernels are extern "C": a name is its own lowered form.
CRANE_SOFT_API int nvrtcAddNameExpression(Program *program, const char *) { return program ? NVRTC_SUCCESS : NVRTC_ERROR_INVALID_PROGRAM; }

CRANE_SOFT_API int nvrtcGetLoweredName(Program *program, const char *name, const char **lowered) {
    if (!program)
        return NVRTC_ERROR_INVALID_PROGRAM;
    *lowered = name;
    return NVRTC_SUCCESS;
}

#include "kernel_scan.h"

#include <algorithm>
#include <cctype>

namespace crane::soft {

namespace {

bool wordChar(char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Reads a text token by token; comments are gone already.
struct Reader {
    std::string &text;
    size_t at = 0;

    void space() {
        while (at < text.size() && isspace(static_cast<unsigned char>(text[at])))
            at++;
    }

    // A string or character literal, or a raw string, that begins here.
    bool literal() {
        char quote = text[at];
        if (quote != '"' && quote != '\'')
            return false;
        if (quote == '"' && at > 0 && text[at - 1] == 'R') {
            size_t open = text.find('(', at);
            std::string close = ")" + text.substr(at + 1, open - at - 1) + "\"";
            size_t end = text.find(close, open);
            at = end == std::string::npos ? text.size() : end + close.size();
            return true;
        }
        for (at++; at < text.size() && text[at] != quote; at++)
            at += text[at] == '\\';
        at = std::min(at + 1, text.size());
        return true;
    }

    std::string word() {
        size_t begin = at;
        while (at < text.size() && wordChar(text[at]))
            at++;
        return text.substr(begin, at - begin);
    }

    // The text within the parenthesis that begins here.
    std::string parenthesis() {
        size_t begin = ++at;
        for (int depth = 1; at < text.size() && depth > 0;)
            if (!literal()) {
                depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
                at++;
            }
        return text.substr(begin, at - begin - 1);
    }

    void blank(size_t begin) {
        for (size_t i = begin; i < at; i++)
            if (text[i] != '\n')
                text[i] = ' ';
    }
};

// Up to the first comma outside of parentheses.
std::string firstArgument(const std::string &list) {
    int depth = 0;
    for (size_t i = 0; i < list.size(); i++) {
        depth += list[i] == '(' || list[i] == '<' ? 1 : list[i] == ')' || list[i] == '>' ? -1 : 0;
        if (list[i] == ',' && depth == 0)
            return list.substr(0, i);
    }
    return list;
}

} // namespace

Scan scanKernels(const std::string &preprocessed) {
    Scan scan;
    scan.text = preprocessed;
    Reader reader{scan.text};
    while (reader.at < scan.text.size()) {
        if (reader.literal())
            continue;
        if (!wordChar(scan.text[reader.at])) {
            reader.at++;
            continue;
        }
        size_t begin = reader.at;
        if (reader.word() != "__global__")
            continue;
        reader.blank(begin);
        ScannedKernel kernel{"", "1024"};
        while (reader.at < scan.text.size() && scan.text[reader.at] != '{' && scan.text[reader.at] != ';') { // up to the name before "("
            reader.space();
            begin = reader.at;
            if (scan.text[reader.at] == '(') {
                reader.parenthesis();
                break;
            }
            std::string word = reader.word();
            if (word.empty()) {
                reader.at++;
                continue;
            }
            reader.space();
            if (word == "__launch_bounds__") {
                kernel.maxThreads = firstArgument(reader.parenthesis());
                reader.blank(begin);
            } else if (word == "__attribute__") {
                reader.parenthesis();
            } else {
                kernel.name = word;
            }
        }
        bool known = std::any_of(scan.kernels.begin(), scan.kernels.end(), [&](const ScannedKernel &k) { return k.name == kernel.name; });
        if (!known && !kernel.name.empty()) // it may be declared before it is defined
            scan.kernels.push_back(kernel);
    }
    return scan;
}

} // namespace crane::soft

/// What a look at shell text finds, without running it: a line that may leave the file early, functions that it
/// defines. Strings and here-documents are not understood, so the findings are hints.
enum ShellSurvey {
    /// The numbers (from 1) of lines that may end the reading of the file: `return` or `exit` as a command outside of
    /// functions.
    static func earlyEnds(_ text: String) -> [Int] {
        var lines: [Int] = []
        var depth = 0
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let words = words(of: line)
            if depth == 0, !definesFunction(words) {
                for (index, word) in words.enumerated() where word == "return" || word == "exit" {
                    let previous = index > 0 ? words[index - 1] : ";"
                    if [";", "&&", "||", "then", "else", "do", "{", "(", "!", ")"].contains(previous) {
                        lines.append(number)
                        break
                    }
                }
            }
            if depth > 0 || definesFunction(words) {
                depth += words.count { $0 == "{" } - words.count { $0 == "}" }
                depth = max(depth, 0)
            }
        }
        return lines
    }

    /// Those of `names` that the text defines as functions.
    static func defined(_ names: [String], in text: String) -> [String] {
        let lines = text.split(separator: "\n").map(words(of:))
        return names.filter { name in
            lines.contains { words in
                words.indices.contains { index in
                    guard words[index] == name[...] else { return false }
                    if index > 0, words[index - 1] == "function" { return true }
                    return index + 2 < words.count && words[index + 1] == "(" && words[index + 2] == ")"
                }
            }
        }
    }

    private static func definesFunction(_ words: [Substring]) -> Bool {
        if words.first == "function" { return true }
        return words.count >= 3 && words[1] == "(" && words[2] == ")"
    }

    /// The words and operators of a line, without a comment.
    private static func words(of line: Substring) -> [Substring] {
        var words: [Substring] = []
        var index = line.startIndex
        while index < line.endIndex {
            let character = line[index]
            let next = line.index(after: index)
            if character == "#" { break }
            if character == " " || character == "\t" || character == "\r" {
                index = next
            } else if "(){};!".contains(character) {
                words.append(line[index..<next])
                index = next
            } else if "&|".contains(character) {
                let end = line[index...].firstIndex { !"&|".contains($0) } ?? line.endIndex
                words.append(line[index..<end])
                index = end
            } else {
                let end = line[index...].firstIndex { " \t\r(){};!&|".contains($0) } ?? line.endIndex
                words.append(line[index..<end])
                index = end
            }
        }
        return words
    }
}

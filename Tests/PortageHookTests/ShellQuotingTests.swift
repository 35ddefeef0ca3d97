import Glibc
import Posix
import Testbed
import Testing

@testable import PortageHook

@Suite struct ShellQuotingTests {
    /// Texts of the characters that mean something to a shell, and of others.
    private static func hostile(_ count: Int) -> [String] {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "'", "\"", "\\", "$(touch x)", "`id`", "\n", "\r", "\t", " ", "$", "!", "*", "?", "[", "]", "{a,b}", "~",
            ";",
            "&", "|", "<", ">", "(", ")", "#", "%", "=", "-", "é", "漢", "\u{1}", "\u{7f}", "\u{301}", "a", "0", "''",
            "\\'",
        ]
        return (0..<count).map { _ in
            (0..<Int.random(in: 0...12, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
        }
    }

    @Test func bashReadsEveryWordAsItWas() throws {
        let directory = try ScratchDirectory()
        let texts = Self.hostile(10_000)
        let words = texts.map(ShellCode.quoted).joined(separator: " \\\n")
        let script = try directory.write("words.sh", "words=(\n\(words)\n)\nprintf '%s\\0' \"${words[@]}\"\n")
        let result = try ChildProcess.run(
            "/bin/bash", ["-c", "source \"$1\"", "bash", script], environment: ["LANG=C.UTF-8", "PATH=/usr/bin:/bin"],
            outputLimit: 8 << 20, deadline: .now.advanced(byMilliseconds: 60_000))
        #expect(result.outcome == .exited(0))
        let read = result.output.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        #expect(read.count == texts.count)
        for (one, other) in zip(read, texts) { #expect(Array(one.utf8) == Array(other.utf8)) }
    }

    @Test func aNulEndsTheWord() {
        #expect(ShellCode.quoted("a\0b") == "'a'")
        #expect(ShellCode.quoted("it's") == "'it'\\''s'")
        #expect(ShellCode.command("die", "a b", "$(x)") == "die 'a b' '$(x)'\n")
    }
}

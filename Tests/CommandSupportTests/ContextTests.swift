import CommandSupport
import Posix
import Testing

@Suite struct ContextTests {
    private func context(_ environment: [String: String], terminal: Bool = true) -> Context {
        Context(
            environment: environment, output: { _ in }, errors: { _ in },
            terminalSize: terminal ? TerminalSize(columns: 80, rows: 24) : nil)
    }

    @Test func colourFollowsTerminalAndNoColor() {
        #expect(context(["TERM": "xterm"]).usesColour)
        #expect(!context(["TERM": "xterm", "NO_COLOR": "1"]).usesColour)
        #expect(context(["TERM": "xterm", "NO_COLOR": ""]).usesColour)
        #expect(!context(["TERM": "dumb"]).usesColour)
        #expect(!context(["TERM": "xterm"], terminal: false).usesColour)
    }

    @Test func theFirstSetVariableNamesTheCharacterSet() {
        #expect(context(["LANG": "en_US.UTF-8"]).usesUnicode)
        #expect(context(["LC_CTYPE": "C.utf8", "LANG": "C"]).usesUnicode)
        #expect(!context(["LC_ALL": "C", "LANG": "en_US.UTF-8"]).usesUnicode)
        #expect(context(["LC_ALL": "", "LANG": "C.UTF-8"]).usesUnicode)
        #expect(!context([:]).usesUnicode)
    }
}

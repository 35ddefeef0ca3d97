import TerminalDrawing
import Testing

@Suite struct DisplayWidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("漢字", 4), ("e\u{301}", 1), ("✔▶·", 3), ("한", 2), ("\u{200b}", 0), ("ｶ", 1), ("Ａ", 2),
    ])
    func columns(_ text: String, _ expected: Int) {
        #expect(DisplayWidth.columns(of: text) == expected)
    }

    @Test func shortening() {
        #expect(DisplayWidth.shortened("networkmanager", to: 20) == "networkmanager")
        #expect(DisplayWidth.shortened("networkmanager", to: 10) == "networ…ger")
        #expect(DisplayWidth.shortened("networkmanager", to: 10, ellipsis: "..") == "networ..er")
        for text in ["networkmanager", "漢字漢字漢字", "e\u{301}e\u{301}e\u{301}e\u{301}"] {
            for limit in 0...16 { #expect(DisplayWidth.columns(of: DisplayWidth.shortened(text, to: limit)) <= limit) }
        }
    }

    @Test("no character can act on the terminal") func printable() {
        #expect(DisplayWidth.printable("a\u{1b}[31m\n\u{9b}\u{202e}b\u{7f}") == "a?[31m???b?")
        #expect(DisplayWidth.printable("é漢", ascii: true) == "??")
        #expect(DisplayWidth.printable("é漢") == "é漢")
    }
}

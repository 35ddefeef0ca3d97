import Posix
import Testing

@testable import EmergeSession

/// A panel and the terminal it is drawn on.
private struct Rig {
    var panel: PinnedPanel
    var screen: ScreenModel

    init(columns: Int = 20, rows: Int = 12) {
        panel = PinnedPanel(size: TerminalSize(columns: columns, rows: rows))
        screen = ScreenModel(columns: columns, rows: rows)
    }

    mutating func output(_ text: String) { screen.feed(panel.output(text.utf8)) }
    mutating func show(_ lines: [String]) { screen.feed(panel.show(lines)) }
    mutating func close() { screen.feed(panel.close()) }
    mutating func resize(columns: Int, rows: Int) {
        screen.resize(columns: columns, rows: rows)
        screen.feed(panel.resize(TerminalSize(columns: columns, rows: rows)))
    }

    /// All that was written: scrollback and screen, without the blank end.
    var history: [String] {
        var all = screen.scrollback + screen.lines
        while all.last == "" { all.removeLast() }
        return all
    }
}

@Suite struct PinnedPanelTests {
    @Test func linesScrollAboveThePanelAndAreKeptOnce() {
        var rig = Rig()
        rig.output("$ command\r\n")
        rig.show(["one", "two"])
        for number in 1...30 { rig.output("line \(number)\r\n") }
        #expect(rig.screen.lines.suffix(2) == ["one", "two"])
        #expect(rig.screen.lines[8] == "line 30")
        #expect(rig.panel.programSize == TerminalSize(columns: 20, rows: 10))
        rig.close()
        #expect(rig.history == ["$ command"] + (1...30).map { "line \($0)" })
        #expect(rig.screen.region == 0...11)
        #expect(rig.screen.unknown.isEmpty)
    }

    @Test func thePanelGrowsAndDoesNotShrink() {
        var rig = Rig()
        for number in 1...20 { rig.output("line \(number)\r\n") }
        rig.show(["one"])
        rig.show(["one", "two", "three"])
        #expect(rig.screen.lines.suffix(3) == ["one", "two", "three"])
        rig.show(["one"])
        #expect(rig.screen.lines.suffix(3) == ["one", "", ""])
        #expect(rig.panel.rows == 3)
        rig.show((1...30).map { "\($0)" })
        #expect(rig.panel.rows == 6)
        rig.close()
        #expect(rig.history == (1...20).map { "line \($0)" })
    }

    @Test func aPromptKeepsItsPlace() {
        var rig = Rig()
        for number in 1...15 { rig.output("line \(number)\r\n") }
        rig.output("Merge? [Yes/No] ")
        rig.show(["one", "two", "three"])
        let cursor = rig.screen.cursor
        #expect(cursor.column == 16)
        #expect(rig.screen.lines[cursor.row] == "Merge? [Yes/No]")
        rig.output("y")
        rig.show(["one", "2", "three"])
        #expect(rig.screen.lines[cursor.row] == "Merge? [Yes/No] y")
        rig.close()
        #expect(rig.screen.cursor.column == 0)
        #expect(rig.history.last == "Merge? [Yes/No] y")
    }

    @Test func aStatusLineIsRewrittenInItsPlace() {
        var rig = Rig()
        rig.show(["one", "two"])
        for number in 1...30 { rig.output("\r\u{1B}[K>>> Jobs: \(number)") }
        #expect(rig.history == [">>> Jobs: 30", "", "", "", "", "", "", "", "", "", "one", "two"])
        rig.output("\r\n")
        rig.close()
        #expect(rig.history == [">>> Jobs: 30"])
    }

    @Test func onlyWhatChangedIsDrawn() {
        var panel = PinnedPanel(size: TerminalSize(columns: 20, rows: 12))
        _ = panel.show(["one", "two"])
        #expect(panel.show(["one", "two"]).isEmpty)
        let bytes = String(decoding: panel.show(["one", "2"]), as: UTF8.self)
        #expect(!bytes.contains("one") && bytes.contains("\u{1B}[12;1H2\u{1B}[K"))
        #expect(bytes.hasPrefix("\u{1B}[?2026h") && bytes.hasSuffix("\u{1B}[?2026l"))
    }

    @Test(arguments: [(20, 24), (20, 8), (40, 12), (12, 12), (30, 30)])
    func anotherSizeLeavesNothingBehind(columns: Int, rows: Int) {
        var rig = Rig(columns: 20, rows: 12)
        for number in 1...20 { rig.output("line \(number)\r\n") }
        rig.show(["one", "two", "three", "four"])
        rig.resize(columns: columns, rows: rows)
        #expect(rig.panel.programSize.rows == rows - rig.panel.rows)
        rig.show(["one", "two", "three", "four"])
        #expect(rig.screen.lines.suffix(rig.panel.rows) == ["one", "two", "three", "four"].prefix(rig.panel.rows))
        for number in 21...40 { rig.output("line \(number)\r\n") }
        rig.close()
        #expect(rig.history == (1...40).map { "line \($0)" })
    }

    @Test func aTerminalThatIsTooSmallHasNoPanel() {
        var rig = Rig(columns: 20, rows: 5)
        rig.show(["one"])
        rig.output("text\r\n")
        #expect(rig.history == ["text"])
        rig.resize(columns: 20, rows: 12)
        rig.show(["one"])
        #expect(rig.screen.lines.last == "one")
        rig.resize(columns: 1, rows: 1)
        #expect(rig.panel.rows == 0)
    }

    @Test func whatErasesOrResetsTheTerminalBringsThePanelBack() {
        var rig = Rig()
        rig.show(["one", "two"])
        rig.output("text\u{1B}[2J")
        #expect(rig.screen.lines.suffix(2) == ["one", "two"])
        rig.output("\u{1B}[H\u{1B}[J")
        #expect(rig.screen.lines.suffix(2) == ["one", "two"])
        rig.output("\u{1B}c")
        rig.show(["one", "two"])
        #expect(rig.screen.lines.suffix(2) == ["one", "two"])
        #expect(rig.screen.region == 0...9)
        rig.output("\u{1B}[r")
        #expect(rig.screen.region == 0...9)
        rig.output("\u{1B}[999;999Hx")
        #expect(rig.screen.lines[9].hasSuffix("x"))
        #expect(rig.screen.lines.suffix(2) == ["one", "two"])
    }

    @Test func theAlternateScreenIsTheProgramsAlone() {
        var rig = Rig()
        rig.show(["one", "two"])
        rig.output("\u{1B}[?1049h")
        #expect(rig.panel.programSize.rows == 12)
        rig.show(["one", "two"])
        #expect(rig.panel.rows == 0)
        rig.output("\u{1B}[?1049l")
        rig.show(["one", "two"])
        #expect(rig.panel.rows == 2)
    }

    @Test func aFrameWaitsForTheProgramsSequence() {
        var panel = PinnedPanel(size: TerminalSize(columns: 20, rows: 12))
        #expect(panel.output("\u{1B}7".utf8) == Array("\u{1B}7".utf8))
        #expect(!panel.canShow)
        _ = panel.output("\u{1B}8".utf8)
        #expect(panel.canShow)
        _ = panel.output(Array("\u{1B}]0;".utf8) + Array(repeating: 0x41, count: 5000))
        #expect(!panel.canShow)
        _ = panel.output("\u{7}".utf8)
        #expect(panel.canShow)
    }

    @Test func theProgramsColoursGoOn() {
        var panel = PinnedPanel(size: TerminalSize(columns: 20, rows: 12))
        _ = panel.output("\u{1B}[32;1m".utf8)
        #expect(String(decoding: panel.show(["one"]), as: UTF8.self).contains("r\u{1B}8\u{1B}[32;1m"))
        _ = panel.output("\u{1B}[m".utf8)
        #expect(!String(decoding: panel.show(["one", "two"]), as: UTF8.self).contains("\u{1B}[32;1m"))
    }

    @Test func coloursHaveNoWidth() {
        #expect(PinnedPanel.columns(of: "\u{1B}[1;32mab\u{1B}[0m─") == 3)
    }
}

@Suite struct OutputFilterTests {
    private func text(_ pieces: [OutputFilter.Piece]) -> [UInt8] {
        pieces.flatMap { piece -> [UInt8] in if case .bytes(let bytes) = piece { bytes } else { [] } }
    }

    @Test func ordinaryOutputPassesUnchangedHoweverItIsCut() {
        let sample = Array(
            ">>> Emerging \u{1B}[32m(1 of 2)\u{1B}[39;49;00m a/b-1\r\n\u{1B}]0;emerge: (1 of 2)\u{7}Größe 漢字 \u{1B}(B\u{1B}[2K\r\u{1B}[Kx\u{8}\u{1B}[3A\u{1B}[?25l"
                .utf8)
        for size in 1...sample.count {
            var filter = OutputFilter(rows: 10)
            var result: [UInt8] = []
            var rest = sample[...]
            while !rest.isEmpty {
                result += text(filter.filter(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(result == sample)
            #expect(filter.isCursorHidden)
        }
    }

    @Test func aTextThatIsCutOffEndsThere() {
        var filter = OutputFilter(rows: 10)
        let sample = Array("\u{1B}]0;title\u{1B}[31mred\u{1B}kname\u{1B}\\x".utf8)
        #expect(text(filter.filter(sample)) == sample)
        #expect(filter.isAtRest && filter.attributes == Array("\u{1B}[31m".utf8))
    }

    @Test func everyInputIsTaken() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var filter = OutputFilter(rows: 5)
            let special: [UInt8] = [0x1B, 0x5B, 0x5D, 0x3B, 0x72, 0x48, 0x6D, 0x3F, 0x68, 0x07, 0xC3, 0xE2, 0x30, 0x39]
            let bytes = (0..<400).map { _ in
                Bool.random(using: &generator)
                    ? special.randomElement(using: &generator) ?? 0 : UInt8.random(in: 0...255)
            }
            #expect(text(filter.filter(bytes)).count <= bytes.count * 2 + 20)
        }
        var filter = OutputFilter(rows: 5)
        #expect(text(filter.filter(Array("\u{1B}[".utf8) + Array(repeating: 0x31, count: 1 << 20))).count > 1 << 19)
        #expect(text(filter.filter("\u{1B}[99999999999999999999999Hx".utf8)).last == 0x78)
    }

    @Test func controlSequencesAreRead() {
        #expect(ControlSequence(Array("\u{1B}[?1049h".utf8)) == ControlSequence(Array("\u{1B}[?1049h".utf8)))
        let sequence = ControlSequence(Array("\u{1B}[;5H".utf8))
        #expect(sequence.numbers == [0, 5] && sequence.first == 1 && sequence.final == "H")
        #expect(ControlSequence(Array("\u{1B}[38:5:1m".utf8)).numbers == [38])
    }
}

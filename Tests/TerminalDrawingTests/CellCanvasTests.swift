import TerminalDrawing
import Testing

@Suite struct CellCanvasTests {
    @Test("a crossing of two nets is never a junction") func crossing() {
        var canvas = CellCanvas(width: 5, height: 3, glyphs: .unicode)
        canvas.horizontal(y: 1, from: 0, to: 4, net: 1)
        canvas.vertical(x: 2, from: 0, to: 2, net: 2)
        #expect(canvas.lines == ["  ╷", "╶─│─╴", "  ╵"])
        var joined = CellCanvas(width: 5, height: 3, glyphs: .unicode)
        joined.horizontal(y: 1, from: 0, to: 4, net: 1)
        joined.vertical(x: 2, from: 0, to: 2, net: 1)
        #expect(joined.lines == ["  ╷", "╶─┼─╴", "  ╵"])
    }

    @Test func corners() {
        var canvas = CellCanvas(width: 4, height: 3, glyphs: .unicode)
        canvas.vertical(x: 0, from: 0, to: 1, net: 1)
        canvas.horizontal(y: 1, from: 0, to: 3, net: 1)
        canvas.vertical(x: 3, from: 1, to: 2, net: 1)
        #expect(canvas.lines == ["╷", "└──┐", "   ╵"])
    }

    @Test func boxes() {
        var canvas = CellCanvas(width: 12, height: 3, glyphs: .unicode)
        canvas.box(x: 0, y: 0, width: 5, height: 3)
        canvas.box(x: 6, y: 0, width: 5, height: 3, style: .heavy)
        canvas.text("a", x: 2, y: 1)
        canvas.text("漢", x: 8, y: 1)
        #expect(canvas.lines == ["┌───┐ ┏━━━┓", "│ a │ ┃ 漢┃", "└───┘ ┗━━━┛"])
        var ascii = CellCanvas(width: 11, height: 3, glyphs: .ascii)
        ascii.box(x: 0, y: 0, width: 5, height: 3)
        ascii.box(x: 6, y: 0, width: 5, height: 3, style: .heavy)
        #expect(ascii.lines == ["+---+ #===#", "|   | #   #", "+---+ #===#"])
    }

    @Test("whatever is drawn, nothing leaves the canvas") func clipping() {
        var canvas = CellCanvas(width: 4, height: 2, glyphs: .unicode)
        canvas.box(x: -3, y: -3, width: 30, height: 30)
        canvas.box(x: 2, y: 1, width: 9, height: 9)
        canvas.vertical(x: 1, from: -9, to: 99, net: 1)
        canvas.vertical(x: 77, from: 5, to: 1, net: 1)
        canvas.horizontal(y: 0, from: -9, to: 99, net: 2)
        canvas.horizontal(y: -1, from: 0, to: 1, net: 2)
        canvas.text("漢漢漢漢", x: -1, y: 0)
        canvas.text("a\u{301}bcdef", x: 1, y: 1)
        canvas.put("x", x: 9, y: 9)
        #expect(canvas.lines.count == 2)
        #expect(canvas.lines.allSatisfy { DisplayWidth.columns(of: $0) <= 4 })
        #expect(CellCanvas(width: -1, height: -1, glyphs: .ascii).lines.isEmpty)
    }

    @Test func attributes() {
        var canvas = CellCanvas(width: 4, height: 1, glyphs: .unicode)
        canvas.text("漢a", x: 0, y: 0, attribute: 3)
        #expect((0..<5).map { canvas.attribute(x: $0, y: 0) } == [3, 3, 3, 0, 0])
    }
}

import Testing

/// The reader that the properties trust: it reads what is there, and refuses what cannot be read.
@Suite struct PictureReaderTests {
    @Test("boxes, branches, crossings, kinds and directions") func reads() throws {
        let picture = [
            "┌─────┐  ┌─────┐  ┌─────┐",
            "│ ✔ a │  │ ✔ b │  │ · c │",
            "└──┬──┘  └──┬──┘  └─┬─▵─┘",
            "   ├────┐   ╎       │ ┊",
            "   │ ┌╌╌│╌╌╌┘       │ ┊",
            "┏━━▼━▽━━▼━━┓      ┌─▼─┴─┐",
            "┃ ▶ d  0:12┃      │ · e │",
            "┗━━━━━━━━━━┛      └─────┘",
        ]
        // A line that meets a box twice is two edges of one kind, which no picture has.
        #expect(throws: PictureReader.Unreadable.self) { try PictureReader(picture).edges() }
        var right = picture
        right[3] = "   │        ╎       │ ┊"
        right[4] = "   │ ┌╌╌╌╌╌╌┘       │ ┊"
        right[5] = "┏━━▼━▽━━━━━┓      ┌─▼─┴─┐"
        right[6] = "┃ ▶ d 0:12 ┃      │ · e │"
        let edges = try PictureReader(right).edges()
        #expect(edges.count == 4)
        #expect(edges.contains(.init(dependency: "a", dependent: "d 0:12", kind: "b")))
        #expect(edges.contains(.init(dependency: "b", dependent: "d 0:12", kind: "r")))
        #expect(edges.contains(.init(dependency: "c", dependent: "e", kind: "b")))
        #expect(edges.contains(.init(dependency: "e", dependent: "c", kind: "p")))
    }

    @Test("a crossing is not a junction") func crossing() throws {
        let picture = ["[✔ a]  [✔ b]", "  └─┐    │", "  ┌─│────┘", "  ▼ ▼", "[· c]"]
        let edges = try PictureReader(picture + []).edges()
        #expect(
            edges == [
                .init(dependency: "a", dependent: "c", kind: "b"), .init(dependency: "b", dependent: "c", kind: "b"),
            ])
        var joined = picture
        joined[2] = "  ┌─┼────┘"
        #expect(throws: PictureReader.Unreadable.self) { try PictureReader(joined).edges() }
    }

    @Test(
        "lines that end in nothing are refused",
        arguments: [
            ["[✔ a]", "  │", "", "[· b]"], ["[✔ a]", "  └──", "", "[· b]"],
            ["┌─────┐", "│ ✔ a │", "└──┬──┘", "", "[· b]"],
        ])
    func broken(_ picture: [String]) {
        #expect(throws: PictureReader.Unreadable.self) { try PictureReader(picture).edges() }
    }

    @Test("in ASCII what touches is joined") func ascii() throws {
        let picture = [
            "+-----+  +-----+  +-----+",
            "| * a |  | * b |  | . c |",
            "+--+--+  +--+--+  +-+-'-+",
            "   |        :       | ;",
            "   | +......+       | ;",
            "#==V=v=====#      +-V-+-+",
            "# > d 0:12 #      | . e |",
            "#= 1, v A =#      +-----+",
        ]
        let edges = try PictureReader(AsciiPicture.picture(picture)).edges()
        #expect(
            edges == [
                .init(dependency: "a", dependent: "d 0:12", kind: "b"),
                .init(dependency: "b", dependent: "d 0:12", kind: "r"),
                .init(dependency: "c", dependent: "e", kind: "b"), .init(dependency: "e", dependent: "c", kind: "p"),
            ])
        let crossed = ["[* a]  [* b]", "  +-+    |", "    |    |", "  +-|----+", "  V V", "[. c]"]
        #expect(try PictureReader(AsciiPicture.picture(crossed)).edges().count == 2)
        // Without a row between them the two corners are one line.
        let touching = crossed.enumerated().filter { $0.offset != 2 }.map(\.element)
        #expect(throws: PictureReader.Unreadable.self) {
            try PictureReader(AsciiPicture.picture(touching)).edges()
        }
        // A label has the arrow that is right above it, and not one further down in that column.
        let crowded = ["   [* a1]", " +--+--+--+", "[* b1]    |", "          |", "    +-----+", "    v", "   [. c1]"]
        #expect(
            try PictureReader(AsciiPicture.picture(crowded), mayRepeat: true).edges() == [
                .init(dependency: "a1", dependent: "b1", kind: "b"),
                .init(dependency: "a1", dependent: "c1", kind: "r"),
            ])
        let lanes = AsciiPicture.lanes(["*   a1", "+-+", "* | b1", "+.+", "  > c1"])
        #expect(lanes == ["✔   a1", "├─┐", "✔ │ b1", "└╌┤", "  ▶ c1"])
    }
}

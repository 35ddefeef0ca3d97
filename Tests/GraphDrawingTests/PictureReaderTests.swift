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
}

import DependencyGraph
import TerminalDrawing

/// A row for each package, dependencies first, with lanes on the left that lead from a package to what needs it.
///
/// A lane belongs to the package that it leads to: lines of several dependencies join it on their way. It needs few
/// columns, and a row or two for each package, so it fits where boxes do not (the drawing of histories in Sapling's
/// renderdag and in `git log --graph` turned round).
struct Lanes {
    private struct Lane {
        var target: Int
        var kind: EdgeKind
    }

    private let part: Neighbourhood
    private let order: [Int]
    private let below: [[(target: Int, kind: EdgeKind)]]

    /// Nil when the part has a cycle, which lanes cannot show.
    init?(_ part: Neighbourhood) {
        var waiting = [Int](repeating: 0, count: part.items.count)
        var below = [[(target: Int, kind: EdgeKind)]](repeating: [], count: part.items.count)
        for edge in part.edges {
            waiting[edge.dependent] += 1
            below[edge.dependency].append((edge.dependent, EdgeKind(edge.kinds, maybe: edge.maybe)))
        }
        // Of those that may come next the one that was freed last: its lanes are short.
        var ready = part.items.indices.filter { waiting[$0] == 0 }.reversed().map { $0 }
        var order: [Int] = []
        while let item = ready.popLast() {
            order.append(item)
            for (target, _) in below[item].reversed() {
                waiting[target] -= 1
                if waiting[target] == 0 { ready.append(target) }
            }
        }
        guard order.count == part.items.count else { return nil }
        self.part = part
        self.order = order
        self.below = below
    }

    /// The rows, when they fit.
    func rows(_ subject: Subject, _ names: Names, _ size: PictureSize) -> [[TextRun]]? {
        var lanes: [Lane?] = []
        var drawn: [(cells: [(Unicode.Scalar, PictureRole)], item: Int?)] = []
        // Right below an item that nothing needs, another one would look as if it needed that; in ASCII also below one
        // whose lines all go aside.
        var blocked: Int?
        for item in order {
            let column =
                lanes.firstIndex { $0?.target == item }
                ?? lanes.indices.first { lanes[$0] == nil && $0 != blocked } ?? lanes.count
            if column == lanes.count { lanes.append(nil) }
            lanes[column] = nil
            drawn.append((cells(lanes, subject.glyphs), item))
            let state = subject.state(part.items[item])
            drawn[drawn.count - 1].cells[2 * column] = (state.sign, state.role)
            let link = link(from: item, column, &lanes, subject.glyphs)
            if let link { drawn.append((link, nil)) }
            blocked = (link == nil || subject.isASCII) && lanes[column] == nil ? column : nil
            guard drawn.count <= size.height else { return nil }
        }
        let width = 2 * (drawn.map { ($0.cells.count + 1) / 2 }.max() ?? 0)
        for style in NameStyle.all {
            let labels = drawn.map { row in row.item.map { subject.label(part.items[$0], style, names) } }
            let isLast = style == NameStyle.all.last
            let room = size.width - width
            guard room >= 4 else { return nil }
            guard isLast || labels.allSatisfy({ $0.map { Self.text($0, room) != nil } ?? true }) else { continue }
            let texts = labels.map { label in
                label.map { Self.text($0, room) ?? DisplayWidth.clipped($0.text, to: room) }
            }
            return zip(drawn, zip(labels, texts)).map { row, label in
                Self.row(row.cells, label.1, role: label.0?.role ?? .plain, width: width)
            }
        }
        return nil
    }

    /// The name without the state's sign, which stands in the lane, and the longest note that fits.
    private static func text(_ label: Label, _ room: Int) -> String? {
        let name = label.isBare || label.text.hasPrefix("+") ? label.text : String(label.text.dropFirst(2))
        guard DisplayWidth.columns(of: name) <= room else { return nil }
        let note = label.notes.first { DisplayWidth.columns(of: name + "  " + $0.text) <= room }
        return note.map { name + "  " + $0.text } ?? name
    }

    private static func row(
        _ cells: [(Unicode.Scalar, PictureRole)], _ text: String?, role: PictureRole, width: Int
    ) -> [TextRun] {
        var runs: [TextRun] = []
        func add(_ text: String, _ role: PictureRole) {
            if let last = runs.indices.last, runs[last].attribute == role.rawValue || text == " " {
                runs[last].text += text
            } else {
                runs.append(TextRun(text, role.rawValue))
            }
        }
        let used = text == nil ? (cells.lastIndex { $0.0 != " " } ?? -1) + 1 : cells.count
        for (scalar, role) in cells.prefix(used) { add(String(scalar), role) }
        guard let text else { return runs }
        for _ in cells.count..<max(cells.count, width) { add(" ", .plain) }
        add(text, role)
        return runs
    }

    private func cells(_ lanes: [Lane?], _ glyphs: GlyphSet) -> [(Unicode.Scalar, PictureRole)] {
        var cells = [(Unicode.Scalar, PictureRole)](repeating: (" ", .plain), count: max(1, 2 * lanes.count - 1))
        for (column, lane) in lanes.enumerated() {
            guard let lane else { continue }
            cells[2 * column] = (glyphs.glyph(.vertical, lane.kind.lineStyle), lane.kind.role)
        }
        return cells
    }

    /// Lets the lines of an item join the lanes that lead to what needs it; new lanes begin where there is room.
    /// - Returns: the row that shows it; nil when one line goes straight on.
    private func link(
        from item: Int, _ column: Int, _ lanes: inout [Lane?], _ glyphs: GlyphSet
    ) -> [(Unicode.Scalar, PictureRole)]? {
        let before = lanes
        var joints: [(column: Int, kind: EdgeKind)] = []
        for (target, kind) in below[item] {
            if let lane = lanes.firstIndex(where: { $0?.target == target }) {
                lanes[lane] = Lane(target: target, kind: min(kind, lanes[lane]?.kind ?? kind))
                joints.append((lane, kind))
            } else {
                let free = lanes[column] == nil ? column : lanes.firstIndex { $0 == nil } ?? lanes.count
                if free == lanes.count { lanes.append(nil) }
                lanes[free] = Lane(target: target, kind: kind)
                joints.append((free, kind))
            }
        }
        guard joints.contains(where: { $0.column != column }) else { return nil }
        let kind = joints.map(\.kind).min() ?? .build
        let columns = joints.map(\.column) + [column]
        guard let first = columns.min(), let last = columns.max() else { return nil }
        var cells = cells(lanes, glyphs)
        for x in (2 * first)...(2 * last) {
            let lane = x / 2
            let isJoint = x % 2 == 0 && (lane == column || joints.contains { $0.column == lane })
            let mask: LineMask = x == 2 * first ? .east : x == 2 * last ? .west : .horizontal
            if isJoint {
                var joined = mask
                if lane == column || (lane < before.count && before[lane] != nil) { joined.insert(.north) }
                if lanes[lane] != nil { joined.insert(.south) }
                cells[x] = (glyphs.glyph(joined, .light), kind.role)
            } else if x % 2 == 1 || lanes[lane] == nil {
                // A lane that is crossed is drawn through.
                cells[x] = (glyphs.glyph(.horizontal, kind.lineStyle), kind.role)
            }
        }
        return cells
    }
}

extension Subject {
    /// The sign and the role of an item.
    fileprivate func state(_ item: Neighbourhood.Item) -> (sign: Unicode.Scalar, role: PictureRole) {
        switch item.content {
        case .package(let node):
            let state = graph.nodes[node].state
            let text = item.isCurrent && state == .waiting ? (isASCII ? "@" : "◆") : sign(state, ascii: isASCII)
            return (text.unicodeScalars.first ?? "o", .of(state, isCurrent: item.isCurrent))
        case .more: return ("+", .note)
        case .chain: return (":", .waiting)
        }
    }
}

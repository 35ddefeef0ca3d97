import DependencyGraph
import TerminalDrawing

/// `3 of 9  dev-libs/a-1.0  compile 1:24 of ~3:10  needs 2, unblocks 4`, as much of it as fits.
func titleLine(_ subject: Subject, width: Int, showsProgress: Bool) -> String {
    let (graph, current, ascii) = (subject.graph, subject.current, subject.isASCII)
    let positions = current.compactMap { graph.mergePosition(of: $0) }
    var place: [String] = []
    if current.count > 3, let count = positions.first?.count {
        let done = graph.nodes.count { $0.type != .installed && $0.state == .done }
        place.append("\(current.count) at work, \(done) of \(count) done")
    } else if let count = positions.first?.count {
        place.append(positions.map { String($0.position) }.joined(separator: ", ") + " of \(count)")
    }
    let needs = subject.finder.directCounts.dependencies
    let unblocks = subject.finder.waiting(for: current)
    var counts: [String] = []
    if needs > 0 { counts.append("needs \(needs)") }
    if unblocks > 0 { counts.append("unblocks \(unblocks)") }
    let tail = counts.joined(separator: ", ")
    let names = Names(graph, nodes: current, current: current, ascii: ascii)
    var times = [""]
    if showsProgress, current.count == 1 { times = subject.progressNotes(current[0]) + times }
    for (time, tail) in times.map({ ($0, tail) }) + [(times.last(where: { !$0.isEmpty }) ?? "", ""), ("", "")] {
        for style in NameStyle.all.prefix(3) {
            let name = current.map { names.name($0, style) }.joined(separator: ", ")
            let line = (place + [name, time, tail]).filter { !$0.isEmpty }.joined(separator: "  ")
            if DisplayWidth.columns(of: line) <= width { return line }
        }
    }
    let name = current.map { names.name($0, NameStyle.all[2]) }.joined(separator: ", ")
    let line = width < 24 ? name : (place + [name]).joined(separator: "  ")
    return DisplayWidth.shortened(line, to: width, ellipsis: ascii ? ".." : "…")
}

/// What stands when no picture fits: `needs a b (+4) → [c] → unblocks d e` in one line, or in three when there is room.
func summaryLines(
    _ graph: PackageGraph, _ current: [Int], _ finder: NeighbourhoodFinder, _ size: PictureSize, ascii: Bool
) -> [String] {
    let arrow = ascii ? "-> " : "→ "
    let most = 8
    let (needs, unblocks) = finder.directNeighbours(most)
    let counts = finder.directCounts
    let shown = current + needs + unblocks
    let names = Names(graph, nodes: shown, current: current, ascii: ascii)
    func list(_ word: String, _ nodes: [Int], of all: Int, _ count: Int, _ style: NameStyle) -> String? {
        if nodes.isEmpty { return nil }
        var words = [word] + nodes.prefix(count).map { names.name($0, style) }
        let rest = all - min(count, all)
        if rest > 0 { words.append(count > 0 ? "(+\(rest))" : String(rest)) }
        return words.joined(separator: " ")
    }
    /// The parts with at most `count` names on each side.
    func parts(_ count: Int, _ style: NameStyle) -> [String] {
        let middle = "[" + current.map { names.name($0, style) }.joined(separator: " ") + "]"
        return [
            list("needs", needs, of: counts.dependencies, count, style), middle,
            list("unblocks", unblocks, of: counts.dependents, count, style),
        ].compactMap { $0 }
    }
    for count in stride(from: most, through: 0, by: -1) {
        for style in NameStyle.all[count > 2 ? 1..<3 : 1..<5] {
            let line = parts(count, style).joined(separator: " " + arrow)
            if DisplayWidth.columns(of: line) <= size.width { return [line] }
            guard size.height >= 3 else { continue }
            let lines = parts(count, style).enumerated().map { ($0 == 0 ? "" : arrow) + $1 }
            if lines.allSatisfy({ DisplayWidth.columns(of: $0) <= size.width }) { return lines }
        }
    }
    let name = current.map { names.name($0, NameStyle.all[2]) }.joined(separator: " ")
    guard size.width > 4 else { return [DisplayWidth.clipped(name, to: size.width)] }
    return ["[" + DisplayWidth.shortened(name, to: size.width - 2, ellipsis: ascii ? ".." : "…") + "]"]
}

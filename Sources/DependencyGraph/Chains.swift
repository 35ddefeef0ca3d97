/// Replaces every run of two or more waiting packages, in which each has one dependency and one dependent in the part, by
/// one item.
///
/// Packages next to a current one stay: they are what the picture is about.
func collapseChains(_ part: inout Neighbourhood, isWaiting: [Bool]) {
    let count = part.items.count
    var above = [[Int]](repeating: [], count: count)
    var below = [[Int]](repeating: [], count: count)
    for edge in part.edges {
        above[edge.dependent].append(edge.dependency)
        below[edge.dependency].append(edge.dependent)
    }
    func node(_ item: Int) -> Int? {
        if case .package(let node) = part.items[item].content { node } else { nil }
    }
    let isLink = part.items.indices.map { item in
        guard let node = node(item), isWaiting.indices.contains(node), isWaiting[node] else { return false }
        return above[item].count == 1 && below[item].count == 1 && above[item] != below[item]
            && !part.items[item].isCurrent && !(above[item] + below[item]).contains { part.items[$0].isCurrent }
    }
    var run = [Int?](repeating: nil, count: count)
    var runs: [[Int]] = []
    for start in part.items.indices where isLink[start] && !isLink[above[start][0]] {
        var members = [start]
        while let last = members.last, isLink[below[last][0]], members.count < count { members.append(below[last][0]) }
        guard members.count >= 2 else { continue }
        for member in members { run[member] = runs.count }
        runs.append(members)
    }
    guard !runs.isEmpty else { return }
    var newIndex = [Int](repeating: 0, count: count)
    var items: [Neighbourhood.Item] = []
    for item in part.items.indices where run[item] == nil {
        newIndex[item] = items.count
        items.append(part.items[item])
    }
    for members in runs {
        for member in members { newIndex[member] = items.count }
        items.append(.init(content: .chain(members.compactMap(node)), isCurrent: false))
    }
    part.items = items
    part.edges = part.edges.compactMap { edge in
        if let one = run[edge.dependent], one == run[edge.dependency] { return nil }
        var edge = edge
        (edge.dependent, edge.dependency) = (newIndex[edge.dependent], newIndex[edge.dependency])
        return edge
    }
}

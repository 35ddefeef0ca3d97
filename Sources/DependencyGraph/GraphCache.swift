/// Why a graph cache cannot be read.
public struct GraphCacheError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The line, from 1; 0 for the whole file.
    public let line: Int
    /// What is wrong.
    public let reason: String

    /// One line for people: what is wrong and what to do.
    public var description: String {
        "the graph cache cannot be used: \(line > 0 ? "line \(line): " : "")\(reason); remove it, it is made again"
    }
}

/// What tells one version of a file from another: the fields of stat(2).
public struct FileStamp: Sendable, Hashable {
    /// Modification time, whole seconds.
    public var seconds: Int
    /// Modification time, nanoseconds.
    public var nanoseconds: Int
    /// Size in bytes.
    public var size: Int
    /// Inode number.
    public var inode: UInt64

    /// Makes a stamp.
    public init(seconds: Int, nanoseconds: Int, size: Int, inode: UInt64) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.size = size
        self.inode = inode
    }
}

/// The graph of one emerge as a file.
///
/// Lines of words, each ended by a newline; a byte of a word that is a space, a backslash, a control character or 0x7f
/// is written `\hh`, and an empty word `\-`:
///
///     portmanteau-graph 1
///     stamp SECONDS NANOSECONDS SIZE INODE     of mtimedb when the graph was made; or: stamp none
///     counts NODES EDGES
///     i CPV ROOT NODE                          one for each node, in byte order
///     n STATE TYPE CPV ROOT REPOSITORY         the nodes
///     e FROM TO KINDS MAYBE                    the edges; KINDS is the sum of 1 BDEPEND 2 DEPEND 4 RDEPEND
///     end                                        8 PDEPEND 16 IDEPEND, MAYBE 0 or 1
public struct GraphCache: Sendable, Hashable {
    /// Which mtimedb the graph was made from; nil when there was none.
    public var stamp: FileStamp?
    /// The graph.
    public var graph: PackageGraph

    /// The first line of the files that this version reads and writes.
    public static let header = "portmanteau-graph 1"
    /// A file with more nodes or edges than this is refused.
    public static let limit = 100_000

    /// Makes a cache.
    public init(graph: PackageGraph, stamp: FileStamp? = nil) {
        self.graph = graph
        self.stamp = stamp
    }

    /// The file's bytes.
    public func encode() -> [UInt8] {
        var out: [UInt8] = []
        func line(_ words: [UInt8]...) {
            for (index, word) in words.enumerated() {
                if index > 0 { out.append(0x20) }
                out += word
            }
            out.append(0x0A)
        }
        func number(_ value: some BinaryInteger) -> [UInt8] { Array(String(value).utf8) }
        func plain(_ text: String) -> [UInt8] { Array(text.utf8) }
        line(plain(GraphCache.header))
        if let stamp {
            line(
                plain("stamp"), number(stamp.seconds), number(stamp.nanoseconds), number(stamp.size),
                number(stamp.inode))
        } else {
            line(plain("stamp none"))
        }
        line(plain("counts"), number(graph.nodes.count), number(graph.edges.count))
        let keys = graph.nodes.indices.map { index in
            GraphCache.key(cpv: graph.nodes[index].cpv, root: graph.nodes[index].root) + number(index)
        }
        for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) { line(plain("i"), key) }
        for node in graph.nodes {
            line(
                plain("n"), plain(node.state.rawValue), plain(node.type.rawValue), GraphCache.escape(node.cpv),
                GraphCache.escape(node.root), GraphCache.escape(node.repository))
        }
        for edge in graph.edges {
            line(
                plain("e"), number(edge.from), number(edge.to), number(edge.kinds.rawValue), [edge.maybe ? 0x31 : 0x30])
        }
        line(plain("end"))
        return out
    }

    /// Reads a file; every input either gives a graph that `encode` could have written or an error.
    public static func decode(_ bytes: [UInt8]) throws(GraphCacheError) -> GraphCache {
        var reader = CacheReader(bytes)
        let (stamp, nodes, edges) = try reader.head()
        // The index is for those who look for a package without reading all.
        try reader.skip(UInt8(ascii: "i"), lines: nodes)
        var cache = GraphCache(graph: PackageGraph(), stamp: stamp)
        cache.graph.nodes.reserveCapacity(nodes)
        cache.graph.edges.reserveCapacity(edges)
        let states = PackageState.allCases.map { (name: Array($0.rawValue.utf8), value: $0) }
        let types = PackageType.allCases.map { (name: Array($0.rawValue.utf8), value: $0) }
        for _ in 0..<nodes {
            try reader.next("n", words: 6)
            guard let state = reader.value(1, of: states), let type = reader.value(2, of: types)
            else { throw reader.error("unknown state or type") }
            cache.graph.nodes.append(
                PackageNode(
                    cpv: try reader.unescaped(3), root: try reader.unescaped(4), repository: try reader.unescaped(5),
                    state: state, type: type))
        }
        for _ in 0..<edges {
            guard let (from, to, kinds, maybe) = reader.numbers(UInt8(ascii: "e")), from < nodes, to < nodes,
                kinds < 32, maybe < 2
            else { throw reader.error("not an edge") }
            cache.graph.edges.append(
                DependencyEdge(
                    from: from, to: to, kinds: DependencyKinds(rawValue: UInt8(kinds)), maybe: maybe == 1))
        }
        try reader.next("end", words: 1)
        guard reader.isAtEnd else { throw reader.error("something follows the end") }
        return cache
    }

    /// Whether the file in `bytes` has the package, found in the sorted index without reading the rest.
    ///
    /// It is false for a file that is not a graph cache.
    public static func contains(cpv: String, root: String, in bytes: [UInt8]) -> Bool {
        var reader = CacheReader(bytes)
        guard let (_, nodes, _) = try? reader.head(), nodes > 0 else { return false }
        let wanted = Array("i ".utf8) + key(cpv: cpv, root: root)
        let start = reader.position
        // The index ends where the first line that is not one of it starts.
        var (low, high) = (start, bytes.count)
        while low < high {
            var line = low + (high - low) / 2
            while line > low, bytes[line - 1] != 0x0A { line -= 1 }
            var end = line
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            let text = bytes[line..<end]
            if text.starts(with: wanted) { return true }
            if text.first == UInt8(ascii: "i"), text.lexicographicallyPrecedes(wanted) {
                low = min(end + 1, high)
            } else {
                high = line
            }
        }
        return false
    }

    private static func key(cpv: String, root: String) -> [UInt8] { escape(cpv) + [0x20] + escape(root) + [0x20] }

    private static func escape(_ text: String) -> [UInt8] {
        guard !text.isEmpty else { return Array("\\-".utf8) }
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count)
        let digits = Array("0123456789abcdef".utf8)
        for byte in text.utf8 {
            if byte <= 0x20 || byte == 0x5C || byte == 0x7F {
                out += [0x5C, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                out.append(byte)
            }
        }
        return out
    }
}

/// A Python that ebuilds can be built for, as `PYTHON_COMPAT` names it: `python3_12`, `pypy3_11`, `python3_13t`.
struct PythonImplementation: Hashable, Sendable, CustomStringConvertible {
    let description: String
    /// `3.12`
    let version: String
    let isPyPy: Bool
    let isFreeThreaded: Bool
    private let minor: Int

    init?(_ text: some StringProtocol) {
        var scanner = TextScanner(text)
        isPyPy = scanner.take("pypy")
        guard isPyPy || scanner.take("python"), let major = scanner.takeNumber(), scanner.take("_"),
            let minor = scanner.takeNumber()
        else { return nil }
        isFreeThreaded = scanner.take("t")
        guard scanner.isAtEnd else { return nil }
        description = String(text)
        version = "\(major).\(minor)"
        self.minor = minor
    }

    /// `python3_{11..13}` where the minor versions follow each other, else the names one by one.
    static func compat(_ all: [PythonImplementation]) -> String {
        let minors = all.map(\.minor)
        guard let first = minors.first, let last = minors.last, all.count > 1,
            minors == Array(first..<(first + minors.count)), all.allSatisfy({ $0.description.hasPrefix("python3_") })
        else { return all.map(\.description).joined(separator: " ") }
        return "python3_{\(first)..\(last)}"
    }
}

/// What the eclasses of a repository know, read from their text; nothing of them is run.
struct EclassFacts: Sendable {
    /// The Pythons of `python-utils-r1.eclass`, in its order.
    var implementations: [PythonImplementation] = []
    /// `DISTUTILS_USE_PEP517` by build backend, from the table of `distutils-r1.eclass`.
    var backends: [String: String] = [:]
    /// The text of `pypi.eclass`; empty if there is none.
    var pypi = ""

    init(pythonUtils: String, distutils: String, pypi: String = "") {
        implementations = Self.array("_PYTHON_ALL_IMPLS", in: pythonUtils).compactMap { PythonImplementation($0) }
        backends = Self.backends(in: distutils)
        self.pypi = pypi
    }

    /// Ordinary Pythons: neither PyPy nor free-threaded.
    var ordinary: [PythonImplementation] { implementations.filter { !$0.isPyPy && !$0.isFreeThreaded } }

    /// Whether `pypi.eclass` fetches from this host.
    func pypiServes(host: String) -> Bool {
        !host.isEmpty
            && pypi.split { !($0.isASCII && ($0.isLetter || $0.isNumber || ".-:".contains($0))) }.contains {
                $0 == host
            }
    }

    /// The words of `NAME=( … )`, braces expanded as far as `a{1..3}b` and `a{x,y}b` go.
    static func array(_ name: String, in text: String) -> [String] {
        var words: [String] = []
        var isInside = false
        for line in text.split(separator: "\n") {
            var rest = line.trimmed
            if !isInside {
                guard let start = rest.firstRange(of: name + "=(") else { continue }
                rest = String(rest[start.upperBound...])
                isInside = true
            }
            if let comment = rest.firstIndex(of: "#") { rest = String(rest[..<comment]) }
            let end = rest.firstIndex(of: ")")
            words += rest[..<(end ?? rest.endIndex)].split { " \t".contains($0) }.flatMap { expand(String($0)) }
            if end != nil { break }
        }
        return words
    }

    private static func expand(_ word: String) -> [String] {
        guard let open = word.firstIndex(of: "{"), let close = word[open...].firstIndex(of: "}") else { return [word] }
        let inside = word[word.index(after: open)..<close]
        let (head, tail) = (word[..<open], word[word.index(after: close)...])
        let items: [String]
        if let dots = inside.firstRange(of: ".."), let low = Int(inside[..<dots.lowerBound]),
            let high = Int(inside[dots.upperBound...]), low <= high, high - low < 100
        {
            items = (low...high).map(String.init)
        } else {
            items = inside.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return items.map { "\(head)\($0)\(tail)" }
    }

    /// The arms `key) echo backend ;;` of `_distutils-r1_key_to_backend`.
    private static func backends(in text: String) -> [String: String] {
        var table: [String: String] = [:]
        var keys: [String] = []
        var isInside = false
        for line in text.split(separator: "\n") {
            let trimmed = line.trimmed
            if trimmed.hasPrefix("_distutils-r1_key_to_backend()") { isInside = true }
            guard isInside else { continue }
            if line.hasPrefix("}") { break }
            if trimmed.hasSuffix(")"), !trimmed.contains(" "), !trimmed.hasPrefix("*") {
                keys = trimmed.dropLast().split(separator: "|").map(String.init)
            } else if trimmed.hasPrefix("echo ") {
                let backend = trimmed.dropFirst(5).filter { !"\"'".contains($0) }
                if let key = keys.first, table[backend] == nil, key != "standalone" { table[backend] = key }
                keys = []
            }
        }
        return table
    }
}

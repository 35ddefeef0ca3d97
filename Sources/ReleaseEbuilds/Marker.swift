/// Whether something is so, as far as it can be known beforehand.
enum Truth: Int, Comparable, Sendable {
    case no, maybe, yes

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    init(_ value: Bool) { self = value ? .yes : .no }
}

/// An environment marker of a requirement (PEP 508): a boolean expression over the machine it is installed on.
indirect enum Marker: Hashable, Sendable {
    case or(Marker, Marker)
    case and(Marker, Marker)
    /// `variable` compared with `value`; `isReversed` when the value stands on the left.
    case test(variable: String, operation: String, value: String, isReversed: Bool)

    /// What an expression is evaluated for: Linux, one Python, one kind of machine.
    struct Environment: Sendable {
        var implementation: PythonImplementation
        /// As `uname -m` says it.
        var machine: String
        /// The extras that are asked for, in normal form.
        var extras: Set<String> = []
    }

    /// Reads a marker. Variables that cannot be known beforehand are refused by name.
    init(_ text: String) throws(ReleaseError) {
        var parser = MarkerParser(text)
        self = try parser.parse()
    }

    /// The truth in an environment. Only the minor version of a Python is known: what hangs on the last number is `maybe`.
    func evaluate(_ environment: Environment) -> Truth {
        switch self {
        case .or(let left, let right): return max(left.evaluate(environment), right.evaluate(environment))
        case .and(let left, let right): return min(left.evaluate(environment), right.evaluate(environment))
        case .test(let variable, let operation, let value, let isReversed):
            switch variable {
            case "extra":
                let has = environment.extras.contains(ProjectName(value)?.normal ?? value)
                return Truth(operation == "==" ? has : !has)
            case "python_version":
                return Truth(Self.compare(environment.implementation.version, operation, value, isReversed))
            case "python_full_version":
                let answers = (0...99).map {
                    Self.compare("\(environment.implementation.version).\($0)", operation, value, isReversed)
                }
                return answers.allSatisfy { $0 } ? .yes : answers.contains(true) ? .maybe : .no
            default:
                return Truth(Self.compareText(known(variable, environment), operation, value, isReversed))
            }
        }
    }

    /// Whether the expression names an extra.
    var namesExtra: Bool {
        switch self {
        case .or(let left, let right), .and(let left, let right): left.namesExtra || right.namesExtra
        case .test(let variable, _, _, _): variable == "extra"
        }
    }

    private func known(_ variable: String, _ environment: Environment) -> String {
        switch variable {
        case "os_name": "posix"
        case "sys_platform": "linux"
        case "platform_system": "Linux"
        case "platform_machine": environment.machine
        case "platform_python_implementation": environment.implementation.isPyPy ? "PyPy" : "CPython"
        case "implementation_name": environment.implementation.isPyPy ? "pypy" : "cpython"
        default: ""
        }
    }

    private static func compare(_ version: String, _ operation: String, _ value: String, _ isReversed: Bool) -> Bool {
        if operation == "in" || operation == "not in" {
            return compareText(version, operation, value, isReversed)
        }
        let operation = isReversed ? mirrored(operation) : operation
        guard let version = PythonVersion(version),
            let clause = try? VersionSpecifier.list("\(operation)\(value)"), let specifier = clause.first
        else { return false }
        return specifier.contains(version)
    }

    private static func compareText(_ text: String, _ operation: String, _ value: String, _ isReversed: Bool) -> Bool {
        let (left, right) = isReversed ? (value, text) : (text, value)
        switch operation {
        case "==", "===": return left == right
        case "!=": return left != right
        case "in": return right.contains(left)
        case "not in": return !right.contains(left)
        default: return false
        }
    }

    private static func mirrored(_ operation: String) -> String {
        switch operation {
        case "<": ">"
        case "<=": ">="
        case ">": "<"
        case ">=": "<="
        default: operation
        }
    }
}

/// Reads the grammar of markers: `or` binds least, then `and`, then parentheses and comparisons.
private struct MarkerParser {
    private let text: String
    private var scanner: TextScanner
    private var depth = 0

    private static let versions = ["python_full_version", "python_version"]
    private static let texts = [
        "os_name", "sys_platform", "platform_system", "platform_machine", "platform_python_implementation",
        "implementation_name",
    ]
    private static let unknowable = ["platform_release", "platform_version", "implementation_version"]
    private static let old = [
        "os.name": "os_name", "sys.platform": "sys_platform", "platform.machine": "platform_machine",
        "platform.python_implementation": "platform_python_implementation",
        "python_implementation": "platform_python_implementation", "platform.version": "platform_version",
    ]

    init(_ text: String) {
        self.text = text.trimmed
        scanner = TextScanner(self.text)
    }

    mutating func parse() throws(ReleaseError) -> Marker {
        let result = try disjunction()
        scanner.skipBlanks()
        guard scanner.isAtEnd else { throw failure("'\(scanner.remaining)' is left over") }
        return result
    }

    private func failure(_ reason: String) -> ReleaseError {
        ReleaseError(.refused, "marker '\(text)': \(reason)")
    }

    private mutating func disjunction() throws(ReleaseError) -> Marker {
        var result = try conjunction()
        while takeWord("or") { result = .or(result, try conjunction()) }
        return result
    }

    private mutating func conjunction() throws(ReleaseError) -> Marker {
        var result = try term()
        while takeWord("and") { result = .and(result, try term()) }
        return result
    }

    private mutating func takeWord(_ word: String) -> Bool {
        scanner.skipBlanks()
        var ahead = scanner
        guard ahead.take(word), ahead.first.map({ !$0.isAlphanumeric && $0 != UInt8(ascii: "_") }) ?? true else {
            return false
        }
        scanner = ahead
        return true
    }

    private mutating func term() throws(ReleaseError) -> Marker {
        scanner.skipBlanks()
        guard scanner.take("(") else { return try comparison() }
        depth += 1
        guard depth < 50 else { throw failure("too many parentheses") }
        let inside = try disjunction()
        depth -= 1
        scanner.skipBlanks()
        guard scanner.take(")") else { throw failure("')' is missing") }
        return inside
    }

    private mutating func comparison() throws(ReleaseError) -> Marker {
        let left = try operand()
        scanner.skipBlanks()
        var operation = scanner.take(oneOf: ["===", "~=", "==", "!=", "<=", ">=", "<", ">"])
        if operation == nil, takeWord("in") { operation = "in" }
        if operation == nil, takeWord("not") {
            guard takeWord("in") else { throw failure("'in' is missing after 'not'") }
            operation = "not in"
        }
        guard let operation else { throw failure("a comparison is missing") }
        let right = try operand()
        let (variable, value, isReversed): (String, String, Bool)
        switch (left, right) {
        case (.variable(let name), .value(let text)): (variable, value, isReversed) = (name, text, false)
        case (.value(let text), .variable(let name)): (variable, value, isReversed) = (name, text, true)
        default: throw failure("a comparison needs one variable and one text")
        }
        try check(variable, operation, value)
        return .test(variable: variable, operation: operation, value: value, isReversed: isReversed)
    }

    private func check(_ variable: String, _ operation: String, _ value: String) throws(ReleaseError) {
        if variable == "extra" {
            guard ["==", "!="].contains(operation) else { throw failure("'extra \(operation)' is not understood") }
        } else if Self.versions.contains(variable) {
            if operation == "in" || operation == "not in" { return }
            if (try? VersionSpecifier.list("\(operation)\(value)"))?.count != 1 {
                throw failure("'\(operation)\(value)' is not a version specifier")
            }
        } else if !["==", "===", "!=", "in", "not in"].contains(operation) {
            throw failure("'\(variable) \(operation)' is not understood")
        }
    }

    private enum Operand {
        case variable(String)
        case value(String)
    }

    private mutating func operand() throws(ReleaseError) -> Operand {
        scanner.skipBlanks()
        if let quote = scanner.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
            let mark = String(decoding: [quote], as: UTF8.self)
            _ = scanner.take(mark)
            let value = scanner.take { $0 != quote }
            guard scanner.take(mark) else { throw failure("a quote is missing") }
            return .value(value)
        }
        let word = scanner.take { $0.isAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
        let name = Self.old[word] ?? word
        if Self.unknowable.contains(name) { throw failure("\(name) is not known beforehand") }
        guard Self.versions.contains(name) || Self.texts.contains(name) || name == "extra" else {
            throw failure("'\(word)' is not a variable of markers")
        }
        return .variable(name)
    }
}

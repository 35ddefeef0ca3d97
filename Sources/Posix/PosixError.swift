import Glibc

/// A system call that failed: what was being done, on which path, and why.
public struct PosixError: Error, Equatable, CustomStringConvertible {
    /// What was being done, as a verb phrase: "read", "create directory".
    public let operation: String
    /// The file concerned, or the empty string.
    public let path: String
    /// The value of `errno`.
    public let code: Int32

    /// An error of a known code.
    public init(_ operation: String, _ path: String = "", code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// An error whose code is the current `errno`.
    init(errnoOf operation: String, _ path: String = "") {
        self.init(operation, path, code: errno)
    }

    /// The text of the code, as `strerror` gives it.
    public var reason: String { String(cString: strerror(code)) }

    /// One line for people: what could not be done, on which path, why.
    public var description: String {
        path.isEmpty ? "cannot \(operation): \(reason)" : "cannot \(operation) \(path.printable): \(reason)"
    }
}

extension String {
    /// The string with control characters made visible, for lines that people read.
    public var printable: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.properties.generalCategory == .control {
                result += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

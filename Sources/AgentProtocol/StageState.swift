public import Posix

/// What the state file of a staging directory says: the one word that a source phase waits for.
///
/// The file has a line for its format, then `KEY=VALUE` lines; backslash and newline in a value are escaped. It is
/// written by a rename, and last: when it says `staged`, everything that it speaks of is there and verified.
public struct StageState: Equatable, Sendable {
    /// What became of the package.
    public enum Outcome: String, Sendable {
        /// The image is there, verified; it can be installed without compiling.
        case staged
        /// There will be none: build it here.
        case local
    }

    /// What became of the package.
    public let outcome: Outcome
    /// `CATEGORY/PF`.
    public let cpv: String
    /// For `local`, why; for `staged`, what was found ("hit", "built in 12 s").
    public let reason: String
    /// The primary key of the package, in hexadecimal; empty when none was made.
    public let key: String
    /// How long the build took for whoever did it, in seconds; nil when unknown.
    public let buildSeconds: Double?

    /// A state.
    public init(outcome: Outcome, cpv: String, reason: String, key: String = "", buildSeconds: Double? = nil) {
        self.outcome = outcome
        self.cpv = cpv
        self.reason = reason
        self.key = key
        self.buildSeconds = buildSeconds
    }

    private static let header = "portmanteau-stage 1"

    /// The file's text.
    public var text: String {
        var lines = [Self.header, "OUTCOME=\(outcome.rawValue)", "CPV=\(cpv.escaped)", "REASON=\(reason.escaped)"]
        if !key.isEmpty { lines.append("KEY=\(key.escaped)") }
        if let buildSeconds { lines.append("BUILD_SECONDS=\(buildSeconds)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads a state file's text; nil when it is not one, or is cut off.
    public init?(text: String) {
        guard text.hasSuffix("\n") else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard lines.first.map(String.init) == Self.header else { return nil }
        var fields: [Substring: String] = [:]
        for line in lines.dropFirst() {
            guard let equals = line.firstIndex(of: "=") else { return nil }
            fields[line[..<equals]] = String(line[line.index(after: equals)...]).unescaped
        }
        guard let outcome = fields["OUTCOME"].flatMap(Outcome.init(rawValue:)), let cpv = fields["CPV"] else {
            return nil
        }
        self.init(
            outcome: outcome, cpv: cpv, reason: fields["REASON"] ?? "", key: fields["KEY"] ?? "",
            buildSeconds: fields["BUILD_SECONDS"].flatMap(Double.init))
    }
}

/// The places in a package's staging directory, `PORTAGE_TMPDIR/portmanteau/CATEGORY/PF`.
///
/// It belongs to root and is not below PORTAGE_BUILDDIR, which every build can rename; it is on the same file system, so
/// that the image moves into place by renames.
public struct StagingDirectory: Equatable, Sendable {
    /// The directory itself.
    public let path: String

    /// The directory of a package; nil when category or name could lead elsewhere.
    public init?(temporaryDirectory: String, category: String, pf: String) {
        func isPlain(_ name: String) -> Bool {
            !name.isEmpty && name != "." && name != ".."
                && name.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"):
                        true
                    default: "+_.-".utf8.contains(byte)
                    }
                }
        }
        guard isPlain(category), isPlain(pf), temporaryDirectory.hasPrefix("/") else { return nil }
        path = "\(temporaryDirectory)/portmanteau/\(category)/\(pf)"
    }

    /// Held (flock) by whoever stages, as long as it works on it.
    public var lock: String { path + "/lock" }
    /// The state file.
    public var state: String { path + "/state" }
    /// Which emerge it belongs to.
    public var emerge: String { path + "/emerge" }
    /// Lines for people while the package is waited for; it only grows.
    public var progress: String { path + "/progress" }
    /// The package's image, to become `${D}`.
    public var image: String { path + "/image" }
    /// The gpkg's metadata, one file a field.
    public var buildInfo: String { path + "/build-info" }

    /// The state, if one was written.
    public func readState() -> StageState? {
        (try? Files.readText(state, limit: 1 << 16)).flatMap(StageState.init(text:))
    }

    /// Writes the state: the last act of staging.
    public func write(_ newState: StageState) throws(PosixError) {
        try Files.replace(state, with: Array(newState.text.utf8), mode: 0o644)
    }
}

extension String {
    fileprivate var escaped: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    fileprivate var unescaped: String {
        var result = ""
        var isEscape = false
        for scalar in unicodeScalars {
            if isEscape {
                result.unicodeScalars.append(scalar == "n" ? "\n" : scalar)
                isEscape = false
            } else if scalar == "\\" {
                isEscape = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

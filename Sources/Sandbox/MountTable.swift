public import Posix

/// The mounts that this process sees.
public struct MountTable: Equatable, Sendable {
    /// One mount.
    public struct Mount: Equatable, Sendable {
        /// Where it is.
        public let point: String
        /// The type of its file system, as the kernel names it.
        public let type: String

        /// A mount of these values.
        public init(point: String, type: String) {
            self.point = point
            self.type = type
        }
    }

    /// The mounts, in the order in which they were made; of several at one place only the last, which is the visible one.
    public let mounts: [Mount]

    /// Reads the text of `/proc/PID/mountinfo`. Lines of another form are left out.
    public init(mountinfo text: String) {
        var mounts: [Mount] = []
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields[6...].firstIndex(of: "-"), dash + 1 < fields.endIndex else {
                continue
            }
            let point = Self.unescaped(fields[4])
            mounts.removeAll { $0.point == point }
            mounts.append(Mount(point: point, type: String(fields[dash + 1])))
        }
        self.mounts = mounts
    }

    /// The mounts of this process.
    public static func current() throws(PosixError) -> MountTable {
        MountTable(mountinfo: try Files.readText("/proc/self/mountinfo"))
    }

    /// The type of the file system that a path is on.
    public func type(at path: String) -> String {
        mounts.filter { Paths.isWithin(path, $0.point) }.max { $0.point.utf8.count < $1.point.utf8.count }?.type ?? ""
    }

    /// Blanks, tabs, newlines and backslashes are written as a backslash and three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(field).utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(Substring(rest.prefix(3))), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Relations between absolute paths, by their text.
public enum Paths {
    /// Whether `path` is `directory` or below it.
    public static func isWithin(_ path: String, _ directory: String) -> Bool {
        path == directory || directory == "/" || path.hasPrefix(directory + "/")
    }

    /// The directories above a path, from the outermost, without `/` and the path itself.
    public static func parents(of path: String) -> [String] {
        var result: [String] = []
        var current = ""
        for part in path.split(separator: "/").dropLast() {
            current += "/" + part
            result.append(current)
        }
        return result
    }
}

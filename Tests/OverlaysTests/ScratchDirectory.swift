import Glibc
import Posix
import Testing

/// A directory of one test, removed at its end.
struct ScratchDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("\(ProcessEnvironment.variable("TMPDIR") ?? "/tmp")/overlays-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        path = try #require(made)
    }

    func write(_ relative: String, _ text: String) throws {
        let target = path + "/" + relative
        try Files.makeDirectories(String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)]))
        try Files.replace(target, with: Array(text.utf8))
    }

    deinit { try? Files.removeTree(path) }
}

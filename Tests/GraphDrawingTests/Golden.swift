import FoundationEssentials
import Testing

/// Compares text with a file in `Goldens`; with `UPDATE_GOLDENS` set the file is written instead.
func expectGolden(_ text: String, _ name: String, path: String = #filePath) throws {
    let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let file = directory + "/Goldens/" + name
    if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil {
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }
    let golden = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text == golden, "\n\(text)\nis not \(name):\n\(golden)")
}

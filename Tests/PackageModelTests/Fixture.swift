import FoundationEssentials

/// The lines of a file beside the tests, each as its words.
func fixture(_ name: String, at path: String = #filePath) throws -> [[String]] {
    let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let text = try String(contentsOfFile: directory + "/Fixtures/" + name, encoding: .utf8)
    return text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
}

/// Small random numbers that are the same in every run.
struct Numbers {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

    mutating func next(below limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }
}

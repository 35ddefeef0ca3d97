import FoundationEssentials

/// Reads replies in tests.
enum JSONValue {
    struct Missing: Error {}

    /// The string of this name in a JSON object of strings.
    static func string(_ name: String, in bytes: [UInt8]) throws -> String {
        guard let value = try JSONDecoder().decode([String: String].self, from: Data(bytes))[name] else {
            throw Missing()
        }
        return value
    }
}

internal import FoundationEssentials

/// JSON as the tools print it.
public enum JSONText {
    /// A value as indented JSON with sorted keys and a newline at the end.
    public static func pretty(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}

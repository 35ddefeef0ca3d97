internal import FoundationEssentials

/// The glue's reply: `+` and the JSON of a value, or `-` and that of an error.
enum Reply {
    private struct Raised: Decodable {
        let type: String
        let message: String
        let output: String
    }

    /// The JSON of the value; throws what Python raised, or that the reply is none.
    static func value(of bytes: some Collection<UInt8>) throws(PythonError) -> [UInt8] {
        switch bytes.first {
        case UInt8(ascii: "+"):
            return Array(bytes.dropFirst())
        case UInt8(ascii: "-"):
            guard let raised = try? JSONDecoder().decode(Raised.self, from: Data(bytes.dropFirst())) else { break }
            throw .raised(type: raised.type, message: raised.message, output: raised.output)
        default:
            break
        }
        throw .badReply(text: String(decoding: bytes.prefix(200), as: UTF8.self))
    }
}

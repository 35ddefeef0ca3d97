/// What a phase tells about the package at hand: the `KEY=VALUE` arguments of `portage-hook`, and, unchanged, the input
/// of `binpkg stage` (each field ended by a NUL byte).
///
/// Values come from bash and are arbitrary text. Names follow Portage's variables.
public struct SetupRequest: Equatable, Sendable {
    /// All fields, by name.
    public let fields: [String: String]

    /// A request of these fields.
    public init(fields: [String: String]) { self.fields = fields }

    /// Reads arguments of the form `KEY=VALUE`; anything else is left out. The last of two equal names counts.
    public init(arguments: some Sequence<String>) {
        var fields: [String: String] = [:]
        for argument in arguments {
            guard let equals = argument.utf8.firstIndex(of: UInt8(ascii: "=")), equals != argument.startIndex else {
                continue
            }
            fields[String(argument[..<equals])] = String(argument[argument.utf8.index(after: equals)...])
        }
        self.fields = fields
    }

    /// Reads the form that `encoded` writes.
    public init(encoded bytes: [UInt8]) {
        self.init(arguments: bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    }

    /// The fields as `KEY=VALUE`, sorted, each ended by a NUL byte.
    public var encoded: [UInt8] {
        fields.sorted { $0.key < $1.key }.flatMap { Array("\($0.key)=\($0.value)".utf8) + [0] }
    }

    /// A field's value, or the empty string.
    public subscript(_ name: String) -> String { fields[name] ?? "" }

    /// `CATEGORY/PF`.
    public var cpv: String { self["CATEGORY"] + "/" + self["PF"] }
}

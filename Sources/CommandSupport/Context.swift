import Glibc
public import Posix

/// What a command may know of the world around it; tests pass another one.
public struct Context: Sendable {
    /// The environment's variables.
    public let environment: [String: String]
    /// Writes text to standard output.
    public let output: @Sendable (String) -> Void
    /// Writes bytes that need not be text to standard output.
    public let outputBytes: @Sendable ([UInt8]) -> Void
    /// Writes text to standard error.
    public let errors: @Sendable (String) -> Void
    /// Columns and rows when standard output is a terminal.
    public let terminalSize: TerminalSize?

    /// A context of these parts. Without `outputBytes`, bytes go to `output` as text.
    public init(
        environment: [String: String], output: @escaping @Sendable (String) -> Void,
        outputBytes: (@Sendable ([UInt8]) -> Void)? = nil, errors: @escaping @Sendable (String) -> Void,
        terminalSize: TerminalSize? = nil
    ) {
        self.environment = environment
        self.output = output
        self.outputBytes = outputBytes ?? { output(String(decoding: $0, as: UTF8.self)) }
        self.errors = errors
        self.terminalSize = terminalSize
    }

    /// The context of this process.
    public static let process = Context(
        environment: ProcessEnvironment.variables,
        output: { try? Files.writeAll(1, $0.utf8) },
        outputBytes: { try? Files.writeAll(1, $0) },
        errors: { try? Files.writeAll(2, $0.utf8) },
        terminalSize: TerminalSize(descriptor: 1))

    /// Whether output may be coloured: on a terminal that can, unless NO_COLOR is set to anything.
    public var usesColour: Bool {
        terminalSize != nil && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Whether the locale's character set is UTF-8.
    public var usesUnicode: Bool { ProcessEnvironment.isUnicode(environment) }
}

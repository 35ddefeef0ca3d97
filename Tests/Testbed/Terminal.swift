import Glibc
import Posix
import Subprocess
import SystemPackage

/// A real terminal (tmux) with a shell on a machine: a person's place in a test.
public final class Terminal: Sendable {
    private let socket: String
    private let machine: Machine

    /// The shell's prompt, without the blank after it.
    public static let prompt = "user>"

    /// Opens a terminal of this size.
    ///
    /// - Parameter environment: variables beside those of a command on the machine.
    public init(
        on machine: Machine, columns: Int, rows: Int, environment: [String: String] = [:]
    ) async throws {
        self.machine = machine
        // The path of a socket is short.
        socket = "/tmp/portmanteau-tmux-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        var variables = environment
        variables["PS1"] = Self.prompt + " "
        variables["TERM"] = nil
        let invocation = machine.invocation(
            ["env", "-C", machine.prefix + "/root"] + variables.map { "\($0.key)=\($0.value)" } + [
                "bash", "--norc", "--noprofile", "-i",
            ])
        var tmux = invocation.environment
        tmux["TERM"] = nil
        try await run(
            [
                "-f", "/dev/null", "start-server", ";", "set-option", "-g", "history-limit", "50000", ";",
                "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "--", invocation.path,
            ] + invocation.arguments, environment: tmux)
    }

    /// Types text as it is.
    public func type(_ text: String) async throws { try await run(["send-keys", "-l", "--", text]) }

    /// Presses a key that tmux has a name for: `Enter`, `C-c`.
    public func press(_ key: String) async throws { try await run(["send-keys", key]) }

    /// Types a command line and Enter.
    public func enter(_ line: String) async throws {
        try await type(line)
        try await press("Enter")
    }

    /// Gives the terminal another size.
    public func resize(columns: Int, rows: Int) async throws {
        try await run(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    /// The lines on the screen, without blanks at their ends.
    public func screen() async throws -> [String] { try await capture([]) }

    /// The lines on the screen with their colours: an escape sequence before each change.
    public func colouredScreen() async throws -> [String] { try await capture(["-e"]) }

    /// Writes what the terminal is sent from now on, byte for byte, to a file of the machine.
    public func record(to relative: String) async throws {
        try await run(["pipe-pane", "exec cat > '\(machine.path(relative))'"])
    }

    /// The scrollback and the screen, lines that were wrapped joined.
    public func history() async throws -> [String] { try await capture(["-J", "-S", "-"]) }

    /// Waits until the screen is as wanted, and returns it; throws with the last screen when the time is over.
    @discardableResult
    public func wait(
        _ what: String, timeout: Duration = .seconds(120), until condition: ([String]) -> Bool
    ) async throws -> [String] {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while true {
            let lines = try await screen()
            if condition(lines) { return lines }
            guard clock.now < end else {
                throw TestbedError.command("waiting for \(what)", reason: lines.joined(separator: "\n"))
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Waits until the screen has this text, wherever a line is wrapped.
    @discardableResult
    public func wait(for text: String, timeout: Duration = .seconds(120)) async throws -> [String] {
        func unwrapped(_ text: String) -> String { String(text.filter { $0 != " " }) }
        return try await wait(text, timeout: timeout) { lines in
            unwrapped(lines.joined()).contains(unwrapped(text))
        }
    }

    /// Closes the terminal.
    public func close() async {
        _ = try? await run(["kill-server"])
        unlink(socket)
    }

    private func capture(_ options: [String]) async throws -> [String] {
        var lines = try await run(["capture-pane", "-p"] + options)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                var line = line
                while line.last == " " { line.removeLast() }
                return String(line)
            }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    @discardableResult
    private func run(_ arguments: [String], environment: [String: String]? = nil) async throws -> String {
        let result = try await Subprocess.run(
            .name("tmux"), arguments: Arguments(["-u", "-S", socket] + arguments),
            environment: environment.map(Command.custom) ?? .inherit, output: .string(limit: 16 << 20),
            error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw TestbedError.command(
                "tmux \(arguments.joined(separator: " "))", reason: result.standardError)
        }
        return result.standardOutput
    }
}

extension Machine {
    /// Opens a terminal on the machine, passes it on, and closes it at the end.
    public func withTerminal<R: Sendable>(
        columns: Int = 80, rows: Int = 24, environment: [String: String] = [:],
        _ body: (Terminal) async throws -> R
    ) async throws -> R {
        let terminal = try await Terminal(on: self, columns: columns, rows: rows, environment: environment)
        do {
            try await terminal.wait(for: Terminal.prompt)
            let result = try await body(terminal)
            await terminal.close()
            return result
        } catch {
            await terminal.close()
            throw error
        }
    }
}

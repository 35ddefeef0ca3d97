internal import Glibc
internal import Posix
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// One child's life: starts it, hands it one request after the other, and says why it ended.
struct ChildSession: Sendable {
    /// The longest reply that is read.
    private static let replyLimit = 64 << 20
    /// How much of the end of standard error is kept for messages.
    private static let outputLimit = 4000

    let configuration: ChildPython.Configuration
    let control: ChildControl

    /// Runs until the requests end or the child does. Returns why no further request can be answered; nil at the end
    /// of the requests.
    func run(_ requests: AsyncStream<ChildRequest>) async -> PythonError? {
        // A child that is gone must be an error of write, not the end of this program.
        signal(SIGPIPE, SIG_IGN)
        let errors = Tail(limit: Self.outputLimit)
        var platform = PlatformOptions()
        platform.processGroupID = 0
        do {
            let result = try await Subprocess.run(
                .path(FilePath(command.program)), arguments: Arguments(command.arguments), environment: environment,
                platformOptions: platform, input: .inputWriter, output: .sequence, error: .sequence
            ) { execution in
                control.setProcess(execution.processIdentifier.value)
                defer { control.setProcess(nil) }
                async let drained: Void = drain(execution.standardError, into: errors)
                let unanswered = await serve(
                    requests, input: execution.standardInputWriter, output: execution.standardOutput)
                await drained
                return unanswered
            }
            guard let unanswered = result.closureResult else { return nil }
            let failure =
                unanswered.failure ?? control.reason
                ?? .childEnded(status: Self.text(of: result.terminationStatus), output: errors.text)
            unanswered.request.answer(.failure(failure))
            return .closed
        } catch {
            // Nothing was started: the error of the first request, and of all others.
            return configuration.prefix.isEmpty
                ? .interpreterMissing(path: configuration.interpreter)
                : .startFailed(message: "\(command.program): \(error)")
        }
    }

    private struct Unanswered: Sendable {
        let request: ChildRequest
        let failure: PythonError?
    }

    private var command: (program: String, arguments: [String]) {
        let python = [configuration.interpreter, "-I", "-X", "utf8", "-c", Glue.loader]
        let all = configuration.prefix + python
        return (all[0], Array(all.dropFirst()))
    }

    private var environment: Environment {
        guard let given = configuration.environment else { return .inherit }
        var values: [Environment.Key: String] = [:]
        for (name, value) in given {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        return .custom(values)
    }

    /// Answers requests. Returns the one that stayed without answer, if the child ended or has to.
    private func serve(
        _ requests: AsyncStream<ChildRequest>, input: StandardInputWriter, output: SubprocessOutputSequence
    ) async -> Unanswered? {
        var lines = LineReader(output: output, limit: Self.replyLimit)
        var isLoaded = false
        for await request in requests {
            guard control.begin(request.number) else {
                request.answer(.failure(.cancelled))
                continue
            }
            let guardTask = configuration.timeLimit.map { killer(after: $0) }
            defer {
                guardTask?.cancel()
                control.end()
            }
            do {
                if !isLoaded { try await send(Glue.streamed, to: input) }
                isLoaded = true
                try await send(request.line, to: input)
            } catch {
                return Unanswered(request: request, failure: nil)
            }
            let reply: [UInt8]?
            do {
                reply = try await lines.next()
            } catch {
                control.kill(.badReply(text: "more than \(Self.replyLimit) bytes"))
                return Unanswered(request: request, failure: nil)
            }
            guard let line = reply else { return Unanswered(request: request, failure: nil) }
            guard line.first == UInt8(ascii: "+") || line.first == UInt8(ascii: "-") else {
                let failure = PythonError.badReply(text: String(decoding: line.prefix(200), as: UTF8.self))
                control.kill(failure)
                return Unanswered(request: request, failure: failure)
            }
            request.answer(.success(line))
        }
        let guardTask = killer(after: .seconds(5))
        try? await input.finish()
        while (try? await lines.next()) != nil {}
        guardTask.cancel()
        return nil
    }

    private func send(_ bytes: [UInt8], to input: StandardInputWriter) async throws {
        _ = try await input.write(bytes)
    }

    private func killer(after limit: Duration) -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            control.kill(.timedOut(seconds: limit / .seconds(1)))
        }
    }

    private func drain(_ output: SubprocessOutputSequence, into tail: Tail) async {
        do {
            for try await buffer in output { tail.append(buffer.withUnsafeBytes { Array($0) }) }
        } catch {
            // What was read until then is all that can be shown.
        }
    }

    private static func text(of status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}

/// The last bytes of a stream.
private final class Tail: Sendable {
    private let limit: Int
    private let bytes = Mutex<[UInt8]>([])

    init(limit: Int) { self.limit = limit }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func append(_ more: [UInt8]) {
        bytes.withLock { $0 = Array(($0 + more).suffix(limit)) }
    }
}

/// Cuts a stream of buffers into lines.
private struct LineReader {
    struct TooLong: Error {}

    private var buffers: SubprocessOutputSequence.Iterator
    private var pending: [UInt8] = []
    private var searched = 0
    private let limit: Int

    init(output: SubprocessOutputSequence, limit: Int) {
        buffers = output.makeAsyncIterator()
        self.limit = limit
    }

    /// The next line without its end; nil at the end of the stream, where a line without an end is dropped.
    mutating func next() async throws -> [UInt8]? {
        while true {
            if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    pending.removeSubrange(...end)
                    searched = 0
                }
                return Array(pending[..<end])
            }
            searched = pending.count
            guard pending.count <= limit else { throw TooLong() }
            guard let buffer = try await buffers.next() else { return nil }
            buffer.withUnsafeBytes { pending.append(contentsOf: $0) }
        }
    }
}

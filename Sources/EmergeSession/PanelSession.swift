import Glibc
public import Posix

/// What a panel shows, and what it must hear of for that. Nothing here may block.
public protocol PanelContent {
    /// What to poll for reading.
    var descriptors: [Int32] { get }
    /// Whether a frame would show something new.
    var hasNews: Bool { get }
    /// The program runs with this process number.
    mutating func programStarted(pid: Int32)
    /// The descriptor, one of `descriptors`, can be read.
    mutating func ready(_ descriptor: Int32)
    /// The lines to show now: at most so many, each at most so wide. Called at least once a second.
    mutating func lines(columns: Int, rows: Int) -> [String]
}

/// Runs a program on a terminal of its own, with its output in the real one and a panel pinned below it.
///
/// What is typed goes to the program as bytes, so that Ctrl-C and Ctrl-Z mean there what they always mean; when the
/// program is stopped, so is this process, and both go on together. Nothing runs between two events but a frame a second.
public final class PanelSession<Content: PanelContent> {
    /// What the panel shows.
    public private(set) var content: Content
    private let input: Int32
    private let output: Int32
    private let job: TerminalJob
    private let signals: SignalQueue
    private let mode: TerminalMode?
    private var panel: PinnedPanel
    private var programSize: TerminalSize
    private var typed: [UInt8] = []
    private var isInputOpen: Bool
    private var isTerminalGone = false
    private var isProgramOpen = true
    private var isForeground = true
    private var outcome: ChildProcess.Outcome?
    private var lastFrame: MonotonicTime?
    private var pendingStop: PendingStop?
    /// What the last frame took to make, in milliseconds.
    private var frameCost = 0

    /// A stop that was asked for and has not come. When it meets the program in vfork, the child stops before it has
    /// begun, and the program waits for it for ever: then both must go on for a moment, and stop anew.
    private struct PendingStop {
        var due: MonotonicTime
        var tries = 0
        var isGoingOn = false
    }

    /// The shortest time between two frames, in milliseconds: 15 of them in a second.
    private static var frameTime: Int { 67 }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: the program's absolute path.
    ///   - arguments: with argv[0].
    ///   - environment: the whole environment, `NAME=VALUE`.
    ///   - size: of the terminal behind `output`.
    ///   - content: what the panel shows.
    ///   - input: where the person types; what is no terminal is the program's own standard input.
    ///   - output: the terminal.
    public init(
        _ path: String, arguments: [String], environment: [String], size: TerminalSize, content: Content,
        input: Int32 = 0, output: Int32 = 1
    ) throws(PosixError) {
        self.content = content
        self.input = input
        self.output = output
        mode = TerminalMode(descriptor: input)
        isInputOpen = mode != nil
        panel = PinnedPanel(size: size)
        programSize = size
        signals = try SignalQueue([SIGWINCH, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT])
        job = try TerminalJob(
            path, arguments: arguments, environment: environment, size: size,
            modes: mode ?? TerminalMode(descriptor: output), input: mode == nil ? input : nil)
    }

    /// Runs until the program ends. The panel is gone then, and the terminal as it was before.
    ///
    /// - Parameter last: the lines that stay, given the terminal's columns and rows.
    public func run(
        last: (inout Content, ChildProcess.Outcome, TerminalSize) -> [String]
    ) throws(PosixError) -> ChildProcess.Outcome {
        mode?.setRaw(input)
        while outcome == nil { turn() }
        drain()
        write(panel.close())
        if let mode, TerminalMode.isForeground(input) { mode.set(input) }
        let end = outcome ?? .exited(127)
        let lines = last(&content, end, panel.size)
        if !lines.isEmpty { write(Array(lines.map { $0 + "\r\n" }.joined().utf8)) }
        return end
    }

    /// Waits for something to happen and does what it asks for.
    private func turn() {
        var polled = [
            pollfd(fd: job.events, events: Int16(POLLIN), revents: 0),
            pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(
                fd: isProgramOpen ? job.controller : -1, events: Int16(typed.isEmpty ? POLLIN : POLLIN | POLLOUT),
                revents: 0),
            pollfd(
                fd: isInputOpen && isForeground && typed.count < 4096 ? input : -1, events: Int16(POLLIN), revents: 0),
        ]
        let own = content.descriptors
        polled += own.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let pause = min(untilFrame, pendingStop?.due.millisecondsLeft ?? untilFrame)
        let ready = poll(&polled, nfds_t(polled.count), Int32(pause))
        if ready > 0 {
            if polled[1].revents != 0 { signals.read().forEach(handle) }
            if polled[2].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { relay() }
            if polled[3].revents != 0 { takeInput() }
            if !typed.isEmpty { passInput() }
            for (index, descriptor) in own.enumerated() where polled[4 + index].revents != 0 {
                content.ready(descriptor)
            }
            if polled[0].revents != 0 { handle(job.nextEvent()) }
        }
        pursueStop()
        // A shell tells nothing to what already runs when it brings it to the foreground.
        if !isForeground, TerminalMode.isForeground(input) { comeBack() }
        if isForeground, untilFrame == 0, outcome == nil { drawFrame() }
    }

    /// Milliseconds until the next frame is due.
    private var untilFrame: Int {
        guard isForeground, !isTerminalGone else { return 1000 }
        guard let lastFrame else { return 0 }
        // A picture that takes long is drawn less often: a tenth of the processor, a hundredth at rest.
        let pause = content.hasNews ? max(Self.frameTime, 10 * frameCost) : max(1000, 100 * frameCost)
        return lastFrame.advanced(byMilliseconds: pause).millisecondsLeft
    }

    private func drawFrame() {
        checkSize()
        lastFrame = .now
        guard panel.canShow else { return }
        let start = MonotonicTime.now
        let lines = content.lines(columns: panel.size.columns, rows: panel.mostRows)
        frameCost = Int((MonotonicTime.now.nanoseconds - start.nanoseconds) / 1_000_000)
        write(panel.show(lines))
        fitProgram()
    }

    /// Passes on what the program wrote; one chunk, so that input and signals have their turn.
    private func relay() {
        guard let bytes = readProgram() else { return }
        checkSize()
        write(panel.output(bytes))
        fitProgram()
    }

    private func readProgram() -> ArraySlice<UInt8>? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(job.controller, &buffer, buffer.count)
        if count > 0 { return buffer.prefix(count) }
        // Nobody has the program's end open any more, or nothing is there.
        if count == 0 || (errno != EAGAIN && errno != EINTR) { isProgramOpen = false }
        return nil
    }

    /// What the program wrote before it ended; not what programs write that it left behind.
    private func drain() {
        var left = 1 << 22
        while left > 0, let bytes = readProgram() {
            left -= bytes.count
            write(panel.output(bytes))
        }
    }

    private func takeInput() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(input, &buffer, buffer.count)
        if count > 0 {
            typed += buffer.prefix(count)
            if let key = job.stopKey, buffer.prefix(count).contains(key) { expectStop() }
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            hangUp()
        }
    }

    private func passInput() {
        let count = typed.withUnsafeBytes { Glibc.write(job.controller, $0.baseAddress, $0.count) }
        if count > 0 { typed.removeFirst(count) }
        if count < 0, errno != EAGAIN, errno != EINTR { typed = [] }
    }

    /// The terminal is gone: the program hears of it as it would without us.
    private func hangUp() {
        isInputOpen = false
        guard !isTerminalGone else { return }
        isTerminalGone = true
        job.send(SIGHUP)
        job.send(SIGCONT)
    }

    private func handle(_ signal: Int32) {
        switch signal {
        case SIGWINCH: checkSize()
        case SIGHUP: hangUp()
        case SIGCONT: if !isForeground { comeBack() }
        case SIGTSTP:
            job.send(signal)
            expectStop()
        default: job.send(signal)
        }
    }

    private func handle(_ event: TerminalJob.Event) {
        switch event {
        case .started(let pid): content.programStarted(pid: pid)
        case .stopped:
            pendingStop = nil
            stop()
        case .continued, .failed: break
        case .ended(let end): outcome = end
        }
    }

    private func expectStop() { pendingStop = PendingStop(due: MonotonicTime.now.advanced(byMilliseconds: 200)) }

    private func pursueStop() {
        guard var stop = pendingStop, stop.due.millisecondsLeft == 0 else { return }
        if stop.isGoingOn {
            job.send(SIGTSTP)
            stop.isGoingOn = false
            stop.due = MonotonicTime.now.advanced(byMilliseconds: 200)
        } else if stop.tries < 20, job.isUninterruptible {
            job.send(SIGCONT)
            stop.isGoingOn = true
            stop.tries += 1
            stop.due = MonotonicTime.now.advanced(byMilliseconds: 20)
        } else {
            // It stops later, or does not want to.
            pendingStop = nil
            return
        }
        pendingStop = stop
    }

    /// Stops with the program, and goes on with it.
    private func stop() {
        if let bytes = readProgram() { write(panel.output(bytes)) }
        write(panel.close())
        fitProgram()
        if isForeground { mode?.set(input) }
        signals.stopProcess()
        comeBack()
        job.send(SIGCONT)
    }

    /// After a stop: in the foreground the panel comes again, in the background there is none.
    private func comeBack() {
        isForeground = mode == nil || TerminalMode.isForeground(input)
        guard isForeground else { return }
        mode?.setRaw(input)
        checkSize()
        lastFrame = nil
    }

    private func checkSize() {
        guard !isTerminalGone, let size = TerminalSize(descriptor: output), size != panel.size else { return }
        write(panel.resize(size))
        fitProgram()
        lastFrame = nil
    }

    private func fitProgram() {
        guard panel.programSize != programSize else { return }
        programSize = panel.programSize
        job.resize(programSize)
    }

    private func write(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count, !isTerminalGone {
            let count = bytes.withUnsafeBytes {
                Glibc.write(output, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count > 0 {
                done += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, 1000)
            } else if errno != EINTR {
                hangUp()
            }
        }
    }
}

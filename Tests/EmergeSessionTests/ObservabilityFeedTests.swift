import Glibc
import Posix
import Testbed
import Testing

@testable import EmergeSession

/// What an emerge publishes, read from a real socket and a real file.
@Suite struct ObservabilityFeedTests {
    private static let pid: Int32 = 77

    private func snapshot(completed: Int, pid: Int32 = pid, time: Double = 1000) -> String {
        """
        {"type":"snapshot","schema":1,"emerge_pid":\(pid),"timestamp":\(time),"jobs":{"completed":\(completed)},"tasks":[]}

        """
    }

    /// Calls the body with a system below a folder, and the path of what its emerge publishes, without the suffix.
    private func withSystem(_ body: (ObservabilityFeed, String) throws -> Void) throws {
        let scratch = try ScratchDirectory()
        let directory = ObservabilityFeed.directory(prefix: scratch.path)
        try Files.makeDirectories(directory)
        try body(
            ObservabilityFeed(pid: Self.pid, started: 999, prefix: scratch.path), "\(directory)/emerge-\(Self.pid)")
    }

    @Test func theSocketTellsTheNewest() throws {
        try withSystem { feed, path in
            feed.connect()
            #expect(feed.descriptor == nil && feed.read() == nil && feed.readFile() == nil)
            let listener = try UnixSocket(listeningAt: path + ".sock", mode: 0o600)
            feed.connect()
            #expect(feed.descriptor != nil && feed.read() == nil)
            guard let emerge = try listener.accept(until: MonotonicTime.now.advanced(byMilliseconds: 10_000)) else {
                Issue.record("nobody connected")
                return
            }
            let descriptor = emerge.descriptor
            func say(_ text: some StringProtocol) throws {
                try Files.writeAll(descriptor, Array(text.utf8), path: path)
            }
            try say(snapshot(completed: 1) + snapshot(completed: 2))
            #expect(feed.read()?.completed == 2)
            #expect(feed.read() == nil)
            // Half a line is none, until the rest comes.
            let third = snapshot(completed: 3)
            try say(third.prefix(20))
            #expect(feed.read() == nil)
            try say(third.dropFirst(20))
            #expect(feed.read()?.completed == 3)
            // Another emerge's, and one of before, are not this one's.
            try say(snapshot(completed: 4, pid: 78))
            #expect(feed.read() == nil)
            try say(snapshot(completed: 5, time: 990))
            #expect(feed.read() == nil)
            try say("nonsense\n")
            #expect(feed.read() == nil && feed.descriptor != nil)
            shutdown(descriptor, Int32(SHUT_RDWR))
            #expect(feed.read() == nil && feed.descriptor == nil)
            withExtendedLifetime(emerge) {}
        }
    }

    @Test func theFileIsReadWhereNoSocketAnswers() throws {
        try withSystem { feed, path in
            // What a killed emerge left behind.
            do { _ = try UnixSocket(listeningAt: path + ".sock", mode: 0o600) }
            feed.connect()
            #expect(feed.descriptor == nil)
            try Files.replace(path + ".json", with: Array(snapshot(completed: 6).utf8))
            #expect(feed.readFile()?.completed == 6)
            try Files.replace(path + ".json", with: Array(snapshot(completed: 7, time: 990).utf8))
            #expect(feed.readFile() == nil)
            unlink(path + ".json")
            #expect(mkfifo(path + ".json", 0o600) == 0)
            #expect(feed.readFile() == nil)
        }
    }
}

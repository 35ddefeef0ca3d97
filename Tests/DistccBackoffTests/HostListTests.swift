@testable import DistccBackoff
import Glibc
import Posix
import Testbed
import Testing

/// distcc's host specifications.
@Suite struct HostListTests {
    @Test(arguments: [
        ("h", "backoff_tcp_h_3632_0"), ("h:4", "backoff_tcp_h_4_0"), ("h/3", "backoff_tcp_h_3632_0"),
        ("h:4/3,lzo", "backoff_tcp_h_4_0"), ("h/3:4", "backoff_tcp_h_4_0"),
        ("127.0.0.1:80/2,cpp,lzo", "backoff_tcp_127.0.0.1_80_0"),
        ("[::1]:4/2", "backoff_tcp_::1_4_0"), ("[fe80::1]", "backoff_tcp_fe80::1_3632_0"),
        ("me@h/3:/usr/bin/distccd,lzo", "backoff_ssh_h_0"), ("@h", "backoff_ssh_h_0"),
        ("localhost:4", "backoff_tcp_localhost_4_0"), ("localhosts", "backoff_tcp_localhosts_3632_0"),
    ])
    func theMarkIsThatOfDistcc(_ word: String, _ mark: String) { #expect(Host(word)?.markName == mark) }

    @Test(arguments: ["localhost", "localhost/4"]) func thisMachineHasNoMark(_ word: String) {
        #expect(Host(word)?.way == .local)
        #expect(Host(word)?.markName == nil)
    }

    @Test(arguments: [
        "", ":1", "/x", "h:", "h:x", "h:99999", "..", "@", "[::1", "h;x:1y", "h:1x", "[../../x]", "a\u{0}b",
    ])
    func whatDistccRefusesIsRefused(_ word: String) {
        if let name = Host(word)?.markName { #expect(!name.contains("/") && !name.contains("\u{0}"), "\(name)") }
        if word.isEmpty || word.hasPrefix("h:") { #expect(Host(word) == nil) }
    }

    @Test func aListIsRead() {
        let list = HostList(
            "# servers\n--randomize --localslots=7 --localslots_cpp=16\nlocalhost/2 a:1/3,lzo # more\r\n\tme@b  a:1/3\n+zeroconf x:y"
        )
        #expect(list.hosts.map(\.text) == ["localhost/2", "a:1/3,lzo", "me@b", "a:1/3"])
        #expect(list.localSlots == 7)
        #expect(list.unknown == ["x:y"])
        #expect(HostList("").hosts.isEmpty)
    }
}

/// Marks as files.
@Suite struct BackoffMarksTests {
    private static func withMarks<R>(period: Int = 60, _ body: (BackoffMarks) throws -> R) throws -> R {
        let scratch = try ScratchDirectory()
        try Files.makeDirectories(scratch.path + "/lock")
        return try body(BackoffMarks(distccDirectory: scratch.path, period: period))
    }

    private static func age(_ marks: BackoffMarks, _ host: Host, seconds: Int) throws {
        var times = [timespec(), timespec()]
        clock_gettime(CLOCK_REALTIME, &times[0])
        times[0].tv_sec -= seconds
        times[1] = times[0]
        #expect(utimensat(AT_FDCWD, "\(marks.directory)/\(try #require(host.markName))", &times, 0) == 0)
    }

    @Test func aMarkIsAFileThatKeepsItsNumber() throws {
        let host = try #require(Host("h:1"))
        try Self.withMarks { marks in
            try marks.set(host)
            let path = marks.directory + "/backoff_tcp_h_1_0"
            let first = try #require(Files.status(path))
            try Self.age(marks, host, seconds: 100)
            try marks.set(host)
            let second = try #require(Files.status(path))
            #expect(first.inode == second.inode)
            #expect(second.modified >= first.modified)
            #expect(try Files.readText(path) == "x")
            #expect(marks.all().map(\.name) == ["backoff_tcp_h_1_0"])
        }
    }

    @Test func nothingIsMarkedWithoutAPeriodOrForThisMachine() throws {
        try Self.withMarks(period: 0) { marks in
            try marks.set(try #require(Host("h:1"))); #expect(marks.all().isEmpty)
        }
        try Self.withMarks { marks in
            try marks.set(try #require(Host("localhost"))); #expect(marks.all().isEmpty)
        }
    }

    @Test func aLinkIsNotFollowed() throws {
        let host = try #require(Host("h:1"))
        try Self.withMarks { marks in
            #expect(symlink("/dev/null", marks.directory + "/backoff_tcp_h_1_0") == 0)
            #expect(throws: PosixError.self) { try marks.set(host) }
        }
    }

    @Test func onlyAMarkOfThatTimeIsTakenBack() throws {
        let host = try #require(Host("h:1"))
        try Self.withMarks { marks in
            try marks.set(host)
            let time = try #require(marks.all().first).time
            marks.takeBack(host, setBetween: time + 1, and: time + 2)
            marks.takeBack(host, setBetween: time - 2, and: time - 1)
            #expect(marks.all().count == 1)
            marks.takeBack(host, setBetween: time, and: time)
            #expect(marks.all().isEmpty)
            #expect(try Files.list(marks.directory).isEmpty)
        }
    }

    @Test func theTimeLeftIsCountedInWholeSeconds() {
        let mark = BackoffMarks.Mark(name: "m", time: 1_000_999_999_999)
        #expect(mark.secondsLeft(period: 60, now: 1_000_999_999_999) == 60)
        #expect(mark.secondsLeft(period: 60, now: 1_059_000_000_000) == 1)
        #expect(mark.secondsLeft(period: 60, now: 1_060_000_000_000) == 0)
        #expect(mark.secondsLeft(period: 60, now: 900_000_000_000) == 0)
        #expect(mark.secondsLeft(period: 0, now: 1_000_999_999_999) == 0)
    }

    @Test(arguments: [
        (nil, 60), ("", 0), ("0", 0), ("5", 5), (" 7x", 7), ("x", 0), ("-1", -1), ("99999999999999999999", 999_999_999),
    ])
    func thePeriodIsReadAsCDoes(_ text: String?, _ seconds: Int) { #expect(BackoffMarks.period(text) == seconds) }
}

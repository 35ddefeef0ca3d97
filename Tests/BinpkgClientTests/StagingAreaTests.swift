import AgentProtocol
import Glibc
import PortageAPI
import Posix
import Testing

@testable import BinpkgClient

@Suite struct StagingAreaTests {
    private func failure(_ setup: SetupRequest) -> String? {
        do throws(StageFailure) {
            let area = try StagingArea(setup)
            try? area.empty()
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func linksAreNotFollowed() throws {
        let machine = try FakeMachine()
        let setup = machine.setup(service: "")
        try Files.makeDirectories(machine.root + "/elsewhere")
        for name in ["portmanteau", "portmanteau/dev-demo", "portmanteau/dev-demo/alpha-1.0"] {
            let path = machine.root + "/tmp/" + name
            try Files.removeTree(machine.root + "/tmp/portmanteau")
            try Files.makeDirectories(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
            #expect(symlink(machine.root + "/elsewhere", path) == 0)
            #expect(failure(setup) == "\(path) is a link, or others may write it: remove it")
        }
        #expect(try Files.list(machine.root + "/elsewhere").isEmpty)
    }

    @Test func directoriesOfOthersAreRefused() throws {
        let machine = try FakeMachine()
        let setup = machine.setup(service: "")
        #expect(failure(setup) == nil)
        let category = machine.root + "/tmp/portmanteau/dev-demo"
        chmod(category, 0o777)
        #expect(failure(setup)?.contains("others may write it") == true)
        chmod(category, 0o755)
        chmod(machine.root + "/tmp", 0o777)
        #expect(failure(setup)?.contains("others may rename") == true)
        chmod(machine.root + "/tmp", 0o1777)
        #expect(failure(setup) == nil)
        if geteuid() == 0 {
            chown(category, 250, 250)
            #expect(failure(setup)?.contains("others may write it") == true)
        }
    }

    @Test(arguments: [("CATEGORY", "../x"), ("PF", "."), ("PF", "a/b"), ("PORTAGE_TMPDIR", "tmp"), ("PF", "")])
    func strangeNames(_ name: String, _ value: String) throws {
        let machine = try FakeMachine()
        #expect(failure(machine.setup(service: "", changing: [name: value]))?.contains("no place") == true)
    }

    @Test func oneAtATime() throws {
        let machine = try FakeMachine()
        let setup = machine.setup(service: "")
        let area = try StagingArea(setup)
        #expect(failure(setup) == "another process is staging the same package")
        try area.prepare()
        #expect(FileLock.isHeld(area.directory.lock))
    }

    @Test func olderStagingIsRemoved() throws {
        let machine = try FakeMachine()
        let other = machine.root + "/tmp/portmanteau/dev-demo/"
        for name in ["interrupted/image", "staged/image", "old/image", "busy/image", "alpha-1.0/image"] {
            try Files.makeDirectories(other + name)
        }
        try Files.replace(other + "staged/state", with: [10])
        try Files.replace(other + "old/state", with: [10])
        var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, other + "old/state", &times, 0)
        guard let busy = try FileLock(tryingPath: other + "busy/lock") else {
            Issue.record("the lock is held")
            return
        }
        defer { withExtendedLifetime(busy) {} }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        StagingArea.sweep(
            temporaryDirectory: machine.root + "/tmp", now: Int64(now.tv_sec) * 1_000_000_000,
            keeping: other + "alpha-1.0")
        #expect(try Files.list(other) == ["alpha-1.0", "busy", "staged"])
        #expect(failure(machine.setup(service: "")) == nil)
        #expect(try Files.list(other + "alpha-1.0") == ["lock"])
    }
}

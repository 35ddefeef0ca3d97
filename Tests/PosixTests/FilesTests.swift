import Glibc
import Posix
import Testbed
import Testing

@Suite struct FilesTests {
    @Test func replacingAFileLeavesNothingBesideIt() throws {
        let scratch = try ScratchDirectory()
        let file = scratch.path + "/file"
        try Files.replace(file, with: Array("one".utf8))
        try Files.replace(file, with: Array("two".utf8), mode: 0o600)
        #expect(try Files.readText(file) == "two")
        #expect(try Files.list(scratch.path) == ["file"])
        #expect(Files.status(file).map { $0.mode & 0o777 } == 0o600)
    }

    /// A child between fork and exec shares what its parent has open, a lock's file too.
    @Test func aLockThatIsGivenBackStaysWithNoChild() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/lock"
        var shared: Int32 = -1
        if let lock = try FileLock(tryingPath: path) {
            let own = try Files.list("/proc/self/fd").first { Files.realPath("/proc/self/fd/\($0)") == path }
            shared = dup(try #require(own.flatMap { Int32($0) }))
            _ = consume lock
        }
        defer { close(shared) }
        #expect(shared >= 0)
        #expect(!FileLock.isHeld(path))
        #expect(try canLock(path))
    }

    @Test func draftsOfProcessesThatAreGoneAreRemoved() throws {
        let scratch = try ScratchDirectory()
        for name in [".file.new-1", ".file.new-4194999", ".file.new-x", "file.new-4194999", ".other.new-4194999"] {
            try scratch.write(name, "")
        }
        Files.removeAbandonedDrafts(of: scratch.path + "/file")
        #expect(
            try Files.list(scratch.path) == [".file.new-1", ".file.new-x", ".other.new-4194999", "file.new-4194999"])
        let draft = try FileDraft(of: scratch.path + "/file", Array("new".utf8))
        #expect(!Files.exists(scratch.path + "/file"))
        draft.discard()
        #expect(try Files.list(scratch.path).count == 4)
    }

    @Test func errorsNameTheirPath() throws {
        let scratch = try ScratchDirectory()
        let missing = scratch.path + "/a\nb"
        let error = #expect(throws: PosixError.self) { try Files.read(missing) }
        #expect(error?.code == ENOENT)
        #expect(error?.description == "cannot read \(scratch.path)/a\\nb: No such file or directory")
    }

    @Test func aFileOverTheLimitIsRefused() throws {
        let scratch = try ScratchDirectory()
        let file = scratch.path + "/big"
        try Files.replace(file, with: [UInt8](repeating: 7, count: 5000))
        #expect(try Files.read(file, limit: 5000).count == 5000)
        #expect(throws: PosixError("read", file, code: EFBIG)) { try Files.read(file, limit: 4999) }
    }

    @Test func removingATreeDoesNotFollowLinks() throws {
        let scratch = try ScratchDirectory()
        try Files.makeDirectories(scratch.path + "/kept/deep")
        try Files.makeDirectories(scratch.path + "/tree/inner")
        #expect(symlink(scratch.path + "/kept", scratch.path + "/tree/inner/link") == 0)
        try Files.removeTree(scratch.path + "/tree")
        #expect(try Files.list(scratch.path) == ["kept"])
        #expect(Files.exists(scratch.path + "/kept/deep"))
        try Files.removeTree(scratch.path + "/tree")
    }

    @Test func makingADirectoryOverAFileFails() throws {
        let scratch = try ScratchDirectory()
        try Files.replace(scratch.path + "/file", with: [])
        #expect(throws: PosixError.self) { try Files.makeDirectories(scratch.path + "/file/below") }
        #expect(throws: PosixError.self) { try Files.makeDirectories(scratch.path + "/file") }
    }

    @Test func aLockIsSeenWhileItIsHeld() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/lock"
        #expect(!FileLock.isHeld(path))
        if let lock = try FileLock(tryingPath: path) {
            #expect(FileLock.isHeld(path))
            #expect(try canLock(path) == false)
            _ = consume lock
        }
        #expect(try canLock(path))
        #expect(!FileLock.isHeld(path))
    }

    private func canLock(_ path: String) throws -> Bool {
        if try FileLock(tryingPath: path) != nil { return true }
        return false
    }
}
